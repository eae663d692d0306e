//go:build !js

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// harness gives options for a run of a few milliseconds a row.
func harness(t *testing.T) options {
	t.Helper()
	o := options{self: true, settings: settings{Rounds: 1, Budget: 1}}
	if err := o.resolve(t.Context()); err != nil {
		t.Skip(err)
	}
	return o
}

func TestHarnessRunsThePeerAgainstItself(t *testing.T) {
	o := harness(t)
	r := &report{}
	if err := measureNode(t.Context(), o, r); err != nil {
		t.Fatal(err)
	}
	for _, l := range r.sections[0].rows {
		if l.Ours == nil || l.Peer == nil || l.Ratio == nil || *l.Ours <= 0 || *l.Peer <= 0 {
			t.Errorf("%s: not measured: %v", l.Name, l.cells())
		}
		if (l.Goal == "") != (l.OK == nil) {
			t.Errorf("%s: goal %q, but the mark is %q", l.Name, l.Goal, l.mark())
		}
	}
}

// An SDK that is fast because it is wrong must not get as far as being timed.
func TestHarnessRefusesDifferentOutput(t *testing.T) {
	o := harness(t)
	dist := t.TempDir()
	peer := o.path("e2e", "node_modules", peerName, "dist", "esm", "mod.js")
	sdk := fmt.Sprintf(`
		import { createPlugin as peer } from %q;
		export async function createPlugin(...args) {
			const plugin = await peer(...args);
			const call = plugin.call.bind(plugin);
			plugin.call = async (...args) => {
				const output = await call(...args);
				output.bytes()[0] ^= 1;
				return output;
			};
			return plugin;
		}`, peer)
	if err := os.WriteFile(filepath.Join(dist, "extism.mjs"), []byte(sdk), 0o600); err != nil {
		t.Fatal(err)
	}
	o.self, o.dist = false, dist

	r := &report{}
	if err := measureNode(t.Context(), o, r); err != nil {
		t.Fatal(err)
	}
	for _, l := range r.sections[0].rows {
		if !strings.Contains(l.Error, "outputs differ") && !strings.Contains(l.Error, "JSON") {
			t.Errorf("%s: error %q, want that the outputs differ", l.Name, l.Error)
		}
		if l.Ours != nil || l.mark() != "FAILED" {
			t.Errorf("%s: %v, want no figures", l.Name, l.cells())
		}
	}
	if n := len(r.failed()); n != len(r.sections[0].rows) {
		t.Errorf("%d rows failed, want all", n)
	}
}
