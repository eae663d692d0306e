//go:build !js

package main

import (
	"context"
	"fmt"

	"github.com/extism-js/extism-js/internal/build"
)

func runBuild(ctx context.Context, c *cli, args []string) error {
	fs := c.flags("build")
	out := fs.String("o", "dist", "output `directory`, relative to the module's root")
	sizes := fs.Bool("sizes", false, "print how large the files that a page downloads are")
	check := fs.Bool("check-size", false, "fail when they are over the budget")
	packages := fs.Bool("packages", false, "print how many bytes of the core's code each Go package takes")
	if err := c.parse(fs, args, 0); err != nil {
		return err
	}
	root, err := build.FindRoot(".")
	if err != nil {
		return err
	}
	res, err := build.Run(ctx, build.Options{Root: root, Out: *out})
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "built %d files in %s\n", len(res.Files), res.Out)
	if *sizes || *check {
		build.WriteSizes(c.stdout, res.Sizes)
	}
	if *packages {
		costs, err := build.PackageCosts(ctx, root)
		if err != nil {
			return err
		}
		build.WritePackageCosts(c.stdout, costs)
	}
	if *check {
		return build.CheckBudget(res.Sizes)
	}
	return nil
}
