package e2e

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"
)

// project makes a directory in which "extism-js" is installed, as a user of the
// npm package has it.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "node_modules"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(dist, filepath.Join(dir, "node_modules", "extism-js")); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPackageInNode(t *testing.T) {
	node := program(t, "node")
	dir := project(t, map[string]string{"main.mjs": `
		import createPlugin, { ExtismError } from 'extism-js';
		const plugin = await createPlugin('./shout.wasm');
		console.log((await plugin.call('shout', 'from a path')).text());
		const error = await plugin.call('nothing').catch((e) => e);
		console.log(error instanceof ExtismError, error.code);
		await plugin.close();
	`})
	wasm, err := os.ReadFile(filepath.Join(dist, "plugins", "shout.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "shout.wasm"), wasm, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "main.mjs")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if want := "FROM A PATH!\ntrue FUNCTION_NOT_FOUND\n"; err != nil || string(out) != want {
		t.Errorf("%v: %q, want %q", err, out, want)
	}
}

// The export conditions choose the build.
func TestPackageConditions(t *testing.T) {
	node := program(t, "node")
	for _, tc := range []struct{ condition, name, file string }{
		{"", "extism-js", "extism.mjs"},
		{"browser", "extism-js", "extism.mjs"},
		{"worker", "extism-js", "extism.mjs"},
		{"workerd", "extism-js", "extism.edge.mjs"},
		{"edge-light", "extism-js", "extism.edge.mjs"},
		{"", "extism-js/edge", "extism.edge.mjs"},
		{"", "extism-js/extism.wasm", "extism.wasm"},
	} {
		args := []string{"--input-type=module", "--eval", "console.log(import.meta.resolve('" + tc.name + "'))"}
		if tc.condition != "" {
			args = append([]string{"--conditions=" + tc.condition}, args...)
		}
		cmd := exec.Command(node, args...)
		cmd.Dir = project(t, nil)
		out, err := cmd.Output()
		if got := filepath.Base(strings.TrimSpace(string(out))); err != nil || got != tc.file {
			t.Errorf("%s with condition %q is %q (%v), want %s", tc.name, tc.condition, got, err, tc.file)
		}
	}
}

// What is published is complete, and holds nothing of the demo.
func TestPackageFiles(t *testing.T) {
	cmd := exec.Command(program(t, "npm"), "pack", "--dry-run", "--json", "--offline")
	cmd.Dir = dist
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var packs []struct {
		Files []struct{ Path string }
	}
	if err := json.Unmarshal(out, &packs); err != nil || len(packs) != 1 {
		t.Fatalf("%v in %s", err, out)
	}
	var got []string
	for _, f := range packs[0].Files {
		got = append(got, f.Path)
	}
	slices.Sort(got)
	want := []string{
		"LICENSE", "README.md", "extism.d.ts", "extism.edge.mjs", "extism.edge.mjs.map", "extism.js", "extism.js.map",
		"extism.mjs", "extism.mjs.map", "extism.wasm", "extism.worker.mjs", "extism.worker.mjs.map", "gate.wasm", "kernel.wasm", "manifest.schema.json", "package.json", "wasi.wasm",
	}
	if !slices.Equal(got, want) {
		t.Errorf("the package holds %q, want %q", got, want)
	}
}

// A program that a bundler made, with the core copied beside it.
func TestPackageInABundle(t *testing.T) {
	dir := project(t, map[string]string{"app.mjs": `
		import createPlugin from 'extism-js';
		export async function shout(text) {
			const plugin = await createPlugin(new URL('/plugins/shout.wasm', location.href));
			return (await plugin.call('shout', text)).text();
		}
	`})
	res := api.Build(api.BuildOptions{
		EntryPoints: []string{filepath.Join(dir, "app.mjs")}, AbsWorkingDir: dir,
		Bundle: true, Format: api.FormatESModule, Platform: api.PlatformBrowser, MinifySyntax: true,
	})
	if len(res.Errors)+len(res.Warnings) > 0 {
		t.Fatalf("%v %v", res.Errors, res.Warnings)
	}
	handle(t, "bundle/app.mjs", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		w.Write(res.OutputFiles[0].Contents)
	})
	handle(t, "bundle/extism.wasm", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(dist, "extism.wasm"))
	})
	tb := open(t, testFiles+"blank.html")
	if got := run[string](tb, `return (await import('/-/bundle/app.mjs')).shout('bundled')`); got != "BUNDLED!" {
		t.Errorf("answer %q", got)
	}
}
