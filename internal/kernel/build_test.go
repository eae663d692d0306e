//go:build !js

package kernel_test

import (
	"slices"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/wasm"
	"github.com/extism-js/extism-js/internal/wattest"
)

// What is committed is what the text beside it assembles to.
func TestAssembled(t *testing.T) {
	for _, name := range []string{"kernel", "gate", "gate_native", "wasi"} {
		wattest.Committed(t, name+".wat") // or else: go generate ./internal/kernel
	}
}

func sig(params, results []wasm.ValueType) wasm.FuncType {
	return wasm.FuncType{Params: params, Results: results}
}

func n32(n int) []wasm.ValueType { return repeat(wasm.I32, n) }

func repeat(t wasm.ValueType, n int) []wasm.ValueType {
	list := make([]wasm.ValueType, n)
	for i := range list {
		list[i] = t
	}
	return list
}

var gateImports = map[string]wasm.FuncType{"gate.enter": {}, "gate.leave": {}}

// The contract with the core and the driver: names and signatures.
func TestKernelImports(t *testing.T) {
	i64 := []wasm.ValueType{wasm.I64}
	want := map[string]wasm.FuncType{
		"go.config_get":       sig(n32(3), i64),
		"go.var_get":          sig(n32(3), i64),
		"go.var_set":          sig(n32(5), n32(1)),
		"go.log":              sig(n32(3), n32(1)),
		"go.get_log_level":    sig(n32(1), n32(1)),
		"go.http_request":     sig(n32(3), i64),
		"go.http_status_code": sig(n32(1), n32(1)),
		"go.http_headers":     sig(n32(1), i64),
		"go.plugin_begin":     sig(n32(2), n32(1)),
		"go.plugin_end":       sig(n32(5), n32(1)),
		"gate.reenter":        {},
		"host.log":            sig(n32(4), n32(1)),
		"host.http":           sig(n32(2), n32(1)),
		"host.http_wait":      sig(n32(3), []wasm.ValueType{wasm.F64}),
	}
	checkImports(t, kernel.Wasm, want, "go.id", "go.max_pages")
}

func TestWasiImports(t *testing.T) {
	arguments := slices.Repeat([]wasm.ValueType{wasm.I64}, 9)
	want := map[string]wasm.FuncType{
		"host.wasi_output": sig(n32(1), n32(1)),
		"go.wasi":          sig(append(n32(2), arguments...), n32(1)),
	}
	checkImports(t, kernel.WasiWasm, want, "go.handle")
}

func checkImports(t *testing.T, module []byte, functions map[string]wasm.FuncType, globals ...string) {
	t.Helper()
	info, err := wasm.Parse(module)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]wasm.FuncType{}
	for _, m := range []map[string]wasm.FuncType{functions, gateImports} {
		for name, f := range m {
			left[name] = f
		}
	}
	for _, g := range globals {
		left[g] = wasm.FuncType{}
	}
	for _, m := range info.Imports {
		name := m.Module + "." + m.Name
		want, ok := left[name]
		if !ok {
			t.Errorf("unexpected import %s", name)
		}
		delete(left, name)
		if m.Func != nil && !m.Func.Equal(want) {
			t.Errorf("%s is %s, want %s", name, m.Func, want)
		}
	}
	for name := range left {
		t.Errorf("no import %s", name)
	}
}

func TestExports(t *testing.T) {
	memory := kernel.Function{Name: "memory"}
	none := wasm.FuncType{}
	gate := []kernel.Function{
		{Name: "enter", Type: none}, {Name: "reenter", Type: none}, {Name: "leave", Type: none}, {Name: "probe", Type: none},
		{Name: "kill", Type: none}, {Name: "trap", Type: none},
		{Name: "dead", Type: sig(nil, n32(1))}, {Name: "depth", Type: sig(nil, n32(1))},
	}
	for name, tt := range map[string]struct {
		module []byte
		want   []kernel.Function
	}{
		"kernel":      {kernel.Wasm, append(append([]kernel.Function{memory}, kernel.EnvFunctions...), kernel.HostFunctions...)},
		"wasi":        {kernel.WasiWasm, kernel.WasiFunctions},
		"gate":        {kernel.GateWasm, gate},
		"native gate": {kernel.GateNativeWasm, gate},
	} {
		info, err := wasm.Parse(tt.module)
		if err != nil {
			t.Fatal(err)
		}
		if len(info.Exports) != len(tt.want) {
			t.Errorf("%s has %d exports, want %d", name, len(info.Exports), len(tt.want))
		}
		for _, f := range tt.want {
			e := info.Export(f.Name)
			switch {
			case e == nil:
				t.Errorf("%s does not export %s", name, f.Name)
			case e.Kind == wasm.KindFunc && !e.Func.Equal(f.Type):
				t.Errorf("%s: %s is %s, want %s", name, f.Name, e.Func, f.Type)
			}
		}
		if name != "kernel" && len(info.Memories) > 0 {
			t.Errorf("%s has a memory, of which a page has few", name)
		}
	}
}

// Extism's kernel exports the part of the namespace that is about memory.
func TestEnvFunctionsAgreeWithExtism(t *testing.T) {
	info, err := wasm.Parse(officialKernel(t))
	if err != nil {
		t.Fatal(err)
	}
	memory := 0
	for _, f := range kernel.EnvFunctions {
		if e := info.Export(f.Name); e != nil {
			memory++
			if !e.Func.Equal(f.Type) {
				t.Errorf("%s is %s, Extism's is %s", f.Name, f.Type, e.Func)
			}
		}
	}
	if memory != 20 {
		t.Errorf("%d functions in common", memory)
	}
}
