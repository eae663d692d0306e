//go:build !js

// Package plugins_test builds the example plug-ins, compares them with what is
// committed, and runs them on the Go SDK: an implementation other than ours has
// to agree that they are plug-ins.
package plugins_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	extism "github.com/extism/go-sdk"

	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/wasm"
	"github.com/extism-js/extism-js/internal/wattest"
)

// clangMajor is the compiler that built the committed C plug-in. Others make a
// different, equally good file.
const clangMajor = "14"

// smallLimit is the size in bytes under which shout promises to stay.
const smallLimit = 1024

func TestCommittedWATPlugins(t *testing.T) {
	for name, limit := range map[string]int{"shout/shout": smallLimit, "abi/minimal": 0} {
		t.Run(name, func(t *testing.T) {
			wattest.Committed(t, name+".wat")
			if n := len(wattest.Read(t, name+".wasm")); limit != 0 && n > limit {
				t.Errorf("%d bytes, more than %d", n, limit)
			}
		})
	}
}

func TestCommittedCPlugins(t *testing.T) {
	clang := tool(t, "clang", "clang")
	linker := tool(t, "wasm-ld", "lld")
	version := run(t, clang, "--version")
	if m := regexp.MustCompile(`clang version (\d+)`).FindStringSubmatch(version); m == nil || m[1] != clangMajor {
		t.Skipf("the committed file was built by clang %s, this is %s", clangMajor, version)
	}
	for source, module := range map[string]string{
		"vowels/vowels.c": "vowels/vowels.wasm",
		"abi/minimal.c":   "abi/minimal_c.wasm",
	} {
		t.Run(source, func(t *testing.T) {
			dir := t.TempDir()
			object, built := filepath.Join(dir, "plugin.o"), filepath.Join(dir, "plugin.wasm")
			run(t, clang, "--target=wasm32", "-mbulk-memory", "-Oz", "-Wall", "-Werror", "-c", "-o", object, source)
			run(t, linker, "--no-entry", "--strip-all", "-o", built, object)
			compare(t, module, built)
		})
	}
}

// The plug-ins that go with docs/ABI.md use all that it lists, but HTTP, and are
// twins.
func TestABIPluginsAreComplete(t *testing.T) {
	var want []string
	for _, f := range kernel.EnvFunctions {
		if !strings.HasPrefix(f.Name, "http_") {
			want = append(want, f.Name+" "+f.Type.String())
		}
	}
	slices.Sort(want)
	var exports [2][]string
	for i, file := range []string{"abi/minimal.wasm", "abi/minimal_c.wasm"} {
		info, err := wasm.Parse(wattest.Read(t, file))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, imp := range info.Imports {
			if imp.Module == kernel.EnvModule {
				got = append(got, imp.Name+" "+imp.Func.String())
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s imports\n%q, want\n%q", file, got, want)
		}
		for _, exp := range info.Exports {
			if exp.Kind == wasm.KindFunc {
				exports[i] = append(exports[i], exp.Name)
			}
		}
		slices.Sort(exports[i])
	}
	if !slices.Equal(exports[0], exports[1]) {
		t.Errorf("they export %q and %q", exports[0], exports[1])
	}
}

// exchange is one call: an export, what goes in, what has to come out.
type exchange struct {
	export, in, out string
}

func TestSmallPluginsAnswer(t *testing.T) {
	tests := []struct {
		file  string
		calls []exchange
	}{
		{"shout/shout.wasm", []exchange{
			{"shout", "", "!"},
			{"shout", "hello, [`{] World é", "HELLO, [`{] WORLD é!"},
			{"reverse", "", ""},
			{"reverse", "a", "a"},
			{"reverse", "Żółw €𝄞!", "!𝄞€ włóŻ"},
			{"reverse", "\x80a\xff\x80b", "b\xff\x80a\x80"},
		}},
		{"vowels/vowels.wasm", []exchange{
			{"count_vowels", "", `{"count":0,"a":0,"e":0,"i":0,"o":0,"u":0}`},
			{"count_vowels", "AEiou Hello, World y \x01", `{"count":8,"a":1,"e":2,"i":1,"o":3,"u":1}`},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			p := load(t, wattest.Read(t, tt.file), extism.PluginConfig{}, nil)
			answers(t, p, tt.calls)
		})
	}
}

func TestGreetAnswers(t *testing.T) {
	built := filepath.Join(t.TempDir(), "greet.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-o", built, "./greet")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	wasm, wasi := wattest.Read(t, built), extism.PluginConfig{EnableWasi: true}

	t.Run("without configuration", func(t *testing.T) {
		answers(t, load(t, wasm, wasi, nil), []exchange{
			{"greet", " Ada\n", "Hello, Ada!"},
			{"greet", "", "Hello, world!"},
			{"word_count", "one two\nTwo", `{"characters":11,"words":3,"lines":2,` +
				`"top":[{"word":"two","count":2},{"word":"one","count":1}]}`},
			{"word_count", "", `{"characters":0,"words":0,"lines":0,"top":[]}`},
			{"remember", "milk", "call 1"},
			{"remember", "", "call 2, last time: milk"},
			{"remember", "eggs", "call 3"},
		})
	})
	t.Run("with a greeting", func(t *testing.T) {
		answers(t, load(t, wasm, wasi, map[string]string{"greeting": "Dzień dobry"}), []exchange{
			{"greet", "Ada", "Dzień dobry, Ada!"},
		})
	})
}

func load(t *testing.T, wasm []byte, options extism.PluginConfig, config map[string]string) *extism.Plugin {
	t.Helper()
	ctx := context.Background()
	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: wasm}}, Config: config}
	p, err := extism.NewPlugin(ctx, manifest, options, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(ctx) })
	return p
}

func answers(t *testing.T, p *extism.Plugin, calls []exchange) {
	t.Helper()
	for _, c := range calls {
		_, out, err := p.Call(c.export, []byte(c.in))
		if err != nil || string(out) != c.out {
			t.Errorf("%s(%q) = %q, %v; want %q", c.export, c.in, out, err, c.out)
		}
	}
}

// tool finds a program, or fails with the Debian package that has it: a missing
// tool must not look like a passed test.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is not installed (Debian: apt-get install %s)", name, pkg)
	}
	return path
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
	return string(out)
}

func compare(t *testing.T, committed, built string) {
	t.Helper()
	if !bytes.Equal(wattest.Read(t, committed), wattest.Read(t, built)) {
		t.Errorf("%s is not what its source builds to", committed)
	}
}
