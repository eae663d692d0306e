package wazeroengine

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/wasm"
	"github.com/extism-js/extism-js/internal/wattest"
)

func newEngine(t *testing.T, o Options) *Engine {
	t.Helper()
	e, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func compile(t *testing.T, e *Engine, module []byte) *Module {
	t.Helper()
	m, err := e.Compile(module)
	if err != nil {
		t.Fatal(err)
	}
	return m.(*Module)
}

// fakeEnv records what the kernel asks, and answers with its own results.
type fakeEnv struct {
	calls []string
	args  [][]uint32
	i32   int32
	i64   int64
	hook  func()
}

func (f *fakeEnv) record(name string, args ...uint32) {
	f.calls = append(f.calls, name)
	f.args = append(f.args, args)
	if f.hook != nil {
		f.hook()
	}
}

func (f *fakeEnv) ConfigGet(_ int32, off, n uint32) int64 {
	f.record("config_get", off, n)
	return f.i64
}
func (f *fakeEnv) VarGet(_ int32, off, n uint32) int64 { f.record("var_get", off, n); return f.i64 }
func (f *fakeEnv) VarSet(_ int32, a, b, c, d uint32) int32 {
	f.record("var_set", a, b, c, d)
	return f.i32
}
func (f *fakeEnv) Log(_, level int32, n uint32) int32 {
	f.record("log", uint32(level), n)
	return f.i32
}
func (f *fakeEnv) GetLogLevel(int32) int32 { f.record("get_log_level"); return f.i32 }
func (f *fakeEnv) HTTPRequest(_ int32, a, b uint32) int64 {
	f.record("http_request", a, b)
	return f.i64
}
func (f *fakeEnv) HTTPStatusCode(int32) int32 { f.record("http_status_code"); return f.i32 }
func (f *fakeEnv) HTTPHeaders(int32) int64    { f.record("http_headers"); return f.i64 }

func TestModuleListsImportsAndExports(t *testing.T) {
	e := newEngine(t, Options{})
	m := compile(t, e, wattest.AssembleText(t, `(module
		(import "a" "f" (func)) (import "a" "m" (memory 1)) (import "b" "g" (global i32)) (import "b" "t" (table 1 funcref))
		(export "m" (memory 0)) (func (export "g")) (global (export "x") i32 (i32.const 1)) (export "t" (table 0)))`))
	const imports = "[{a f function (func)} {a m memory (memory 1)} {b g global (global i32)} {b t table (table 1 funcref)}]"
	if got := fmt.Sprint(m.Imports()); got != imports {
		t.Errorf("imports: %v", got)
	}
	const exports = "[{m memory (memory 1)} {g function (func)} {x global (global i32)} {t table (table 1 funcref)}]"
	if got := fmt.Sprint(m.Exports()); got != exports {
		t.Errorf("exports: %v", got)
	}
}

func TestConformance(t *testing.T) { enginetest.Engine(t, newEngine(t, Options{})) }

func TestConformanceOfTheInterpreter(t *testing.T) {
	enginetest.Engine(t, newEngine(t, Options{Interpreter: true}))
}

// The reader and wazero must agree about modules that nobody here wrote.
func TestInfoAgreesWithWazero(t *testing.T) {
	e := newEngine(t, Options{Interpreter: true})
	files, err := filepath.Glob(filepath.Join(sdkDir(t), "wasm", "*.wasm"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d plug-ins, error %v", len(files), err)
	}
	for _, file := range files {
		module, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := compile(t, e, module)
		var functions []string
		for _, x := range m.info.Imports {
			if x.Kind == wasm.KindFunc {
				functions = append(functions, x.Module+"."+x.Name+x.Func.String())
			}
		}
		var want []string
		for _, f := range m.compiled.ImportedFunctions() {
			module, name, _ := f.Import()
			want = append(want, module+"."+name+signature(f).String())
		}
		if !reflect.DeepEqual(functions, want) {
			t.Errorf("%s: imports %v, want %v", file, functions, want)
		}
		exported := m.compiled.ExportedFunctions()
		for _, x := range m.info.Exports {
			if x.Kind != wasm.KindFunc {
				continue
			}
			f := exported[x.Name]
			if f == nil || !signature(f).Equal(*x.Func) {
				t.Errorf("%s: export %s %v", file, x.Name, x.Func)
			}
			delete(exported, x.Name)
		}
		if len(exported) > 0 {
			t.Errorf("%s: exports missed: %v", file, exported)
		}
	}
}

func signature(f api.FunctionDefinition) wasm.FuncType {
	var t wasm.FuncType
	for _, p := range f.ParamTypes() {
		t.Params = append(t.Params, wasm.ValueType(p))
	}
	for _, r := range f.ResultTypes() {
		t.Results = append(t.Results, wasm.ValueType(r))
	}
	return t
}

func sdkDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// The table of signatures against wazero's own WASI, which has all but nothing of
// it in common with ours.
func TestWasiSignatures(t *testing.T) {
	e := newEngine(t, Options{Interpreter: true})
	host, err := wasi_snapshot_preview1.NewBuilder(e.runtime).Compile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := host.ExportedFunctions()
	for _, f := range kernel.WasiFunctions {
		def := want[f.Name]
		if def == nil {
			t.Errorf("%s: unknown to wazero", f.Name)
		} else if got := signature(def); !got.Equal(f.Type) {
			t.Errorf("%s is %s, wazero says %s", f.Name, f.Type, got)
		}
		delete(want, f.Name)
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

func TestMemory(t *testing.T) {
	e := newEngine(t, Options{})
	inst, err := e.Instantiate(t.Context(), compile(t, e, wattest.AssembleText(t, `(module (memory 1) (func (export "grow") (drop (memory.grow (i32.const 1)))))`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	enginetest.Memories(t, inst.Memory(), func() {
		if _, err := inst.Call(t.Context(), "grow"); err != nil {
			t.Fatal(err)
		}
	})
	none, err := e.Instantiate(t.Context(), compile(t, e, wattest.AssembleText(t, `(module)`)), nil)
	if err != nil {
		t.Fatal(err)
	}
	if none.Memory() != nil {
		t.Error("a module without a memory has one")
	}
	if _, err := none.Call(t.Context(), "absent"); err == nil {
		t.Error("a missing function is no error")
	}
}

// A guest finds nothing but what it was given.
func TestGuestsCannotReachTheHostFunctions(t *testing.T) {
	e := newEngine(t, Options{})
	for _, name := range []string{"go", "host", "gate", "env"} {
		m := compile(t, e, wattest.AssembleText(t, `(module (import "`+name+`" "log" (func (param i32 i32 i32) (result i32))))`))
		if _, err := e.Instantiate(t.Context(), m, nil); err == nil {
			t.Errorf("import from %q was satisfied", name)
		}
	}
}

func TestStartFunctionsAreLeftToTheDriver(t *testing.T) {
	e := newEngine(t, Options{})
	m := compile(t, e, wattest.AssembleText(t, `(module (func (export "_start") unreachable) (func (export "_initialize") unreachable))`))
	inst, err := e.Instantiate(t.Context(), m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := inst.Call(t.Context(), "_start"); err == nil {
		t.Error("no trap")
	}
}
