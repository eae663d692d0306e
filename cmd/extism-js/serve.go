//go:build !js

package main

import (
	"context"
	"fmt"
	"net"

	"github.com/extism-js/extism-js/internal/serve"
)

func runServe(ctx context.Context, c *cli, args []string) error {
	fs := c.flags("serve")
	addr := fs.String("addr", "127.0.0.1:8080", "`host:port` to listen on; port 0 picks a free one")
	isolate := fs.Bool("isolate", false, "send the headers that make the page cross-origin isolated")
	if err := c.parse(fs, args, 1); err != nil {
		return err
	}
	dir := fs.Arg(0)
	if dir == "" {
		dir = "dist"
	}
	h, err := serve.New(dir, serve.Options{Isolate: *isolate})
	if err != nil {
		return err
	}
	defer h.Close()
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", *addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "serving %s on http://%s/ (interrupt to stop)\n", dir, ln.Addr())
	return serve.Run(ctx, ln, h)
}
