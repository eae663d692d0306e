//go:build !js

package wasm_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/internal/wasm"
)

var signatures = []wasm.FuncType{
	{},
	{Params: []wasm.ValueType{wasm.I64}, Results: []wasm.ValueType{wasm.I64}},
	{Params: []wasm.ValueType{wasm.I32, wasm.F64}, Results: []wasm.ValueType{wasm.F32}},
	{Results: []wasm.ValueType{wasm.I32, wasm.I64, wasm.F64}},
	{Params: []wasm.ValueType{wasm.I64}, Results: []wasm.ValueType{wasm.I64}}, // as one before
}

// An adapter's host: what it was called with, and what it answers.
type adapterHost struct {
	pending api.MutableGlobal
	says    uint64 // what the functions put into host.pending
	waits   uint64 // what host.wait gives
	trace   []string
}

// instantiate makes an instance of the adapter for all signatures.
func (h *adapterHost) instantiate(t *testing.T) api.Module {
	t.Helper()
	ctx := t.Context()
	r := wazero.NewRuntime(ctx)
	t.Cleanup(func() { r.Close(ctx) })
	gate := r.NewHostModuleBuilder("gate")
	gate.NewFunctionBuilder().WithGoFunction(h.called("probe", nil), nil, nil).Export("probe")
	functions := r.NewHostModuleBuilder("functions")
	functions.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
		h.trace = append(h.trace, "wait")
		stack[0] = h.waits
	}), nil, []api.ValueType{api.ValueTypeI32}).Export("wait")
	for i, sig := range signatures {
		n := strconv.Itoa(i)
		functions.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			h.trace = append(h.trace, "f"+n+text(stack[:len(sig.Params)]))
			h.pending.Set(h.says)
			answer(stack, sig, 10)
		}), types(sig.Params), types(sig.Results)).Export("f" + n)
		functions.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			h.trace = append(h.trace, "r"+n)
			answer(stack, sig, 20)
		}), nil, types(sig.Results)).Export("r" + n)
	}
	for _, b := range []wazero.HostModuleBuilder{gate, functions} {
		if _, err := b.Instantiate(ctx); err != nil {
			t.Fatal(err)
		}
	}
	// (module (global (export "pending") (mut i32) (i32.const 0)))
	global, err := r.InstantiateWithConfig(ctx, []byte("\x00asm\x01\x00\x00\x00\x06\x06\x01\x7f\x01\x41\x00\x0b\x07\x0b\x01\x07pending\x03\x00"),
		wazero.NewModuleConfig().WithName("pending"))
	if err != nil {
		t.Fatal(err)
	}
	h.pending = global.ExportedGlobal("pending").(api.MutableGlobal)
	for _, m := range []struct {
		name string
		code []byte
	}{{"host", hostModule()}, {"adapter", wasm.HostAdapter(signatures)}} {
		mod, err := r.InstantiateWithConfig(ctx, m.code, wazero.NewModuleConfig().WithName(m.name))
		if err != nil {
			t.Fatalf("%s: %v", m.name, err)
		}
		if m.name == "adapter" {
			return mod
		}
	}
	return nil
}

// hostModule exports the functions together with the global: modules of Go
// functions cannot have globals.
func hostModule() []byte {
	var b wasm.Builder
	i32 := []wasm.ValueType{wasm.I32}
	b.Export("pending", wasm.KindGlobal, b.ImportGlobal("pending", "pending", wasm.GlobalType{Value: wasm.I32, Mutable: true}))
	b.Export("wait", wasm.KindFunc, b.ImportFunction("functions", "wait", wasm.FuncType{Results: i32}))
	for i, sig := range signatures {
		n := strconv.Itoa(i)
		b.Export("f"+n, wasm.KindFunc, b.ImportFunction("functions", "f"+n, sig))
		b.Export("r"+n, wasm.KindFunc, b.ImportFunction("functions", "r"+n, wasm.FuncType{Results: sig.Results}))
	}
	return b.Module()
}

func (h *adapterHost) called(what string, _ []uint64) api.GoFunc {
	return func(context.Context, []uint64) { h.trace = append(h.trace, what) }
}

func answer(stack []uint64, sig wasm.FuncType, from uint64) {
	for i, t := range sig.Results {
		v := from + uint64(i)
		switch t {
		case wasm.F32:
			v = api.EncodeF32(float32(v))
		case wasm.F64:
			v = api.EncodeF64(float64(v))
		}
		stack[i] = v
	}
}

func text(values []uint64) string {
	var b strings.Builder
	for _, v := range values {
		b.WriteString(" " + strconv.FormatUint(v, 10))
	}
	return b.String()
}

func types(list []wasm.ValueType) []api.ValueType {
	out := make([]api.ValueType, len(list))
	for i, t := range list {
		out[i] = api.ValueType(t)
	}
	return out
}

func TestHostAdapter(t *testing.T) {
	for _, tt := range []struct {
		name          string
		says, waits   uint64
		from          uint64 // the first result; 0: a trap
		before, after string // of the trace
	}{
		{"a value at once", 0, 0, 10, "probe f%", ""},
		{"a stop", 0xffffffff, 0, 0, "probe f%", ""},
		{"a value later", 1, 0, 20, "probe f%", " wait r%"},
		{"a stop later", 1, 1, 0, "probe f%", " wait"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &adapterHost{says: tt.says, waits: tt.waits}
			mod := h.instantiate(t)
			for i, sig := range signatures {
				n := strconv.Itoa(i)
				args := make([]uint64, len(sig.Params))
				for p := range args {
					args[p] = uint64(p) + 3
				}
				h.trace = nil
				results, err := mod.ExportedFunction(n).Call(t.Context(), args...)
				want := strings.ReplaceAll(tt.before, "%", n) + text(args) + strings.ReplaceAll(tt.after, "%", n)
				if got := strings.Join(h.trace, " "); got != want {
					t.Errorf("function %d: %s, want %s", i, got, want)
				}
				if tt.from == 0 {
					if err == nil || !strings.Contains(err.Error(), "unreachable") {
						t.Errorf("function %d: %v, %v instead of a trap", i, results, err)
					}
					continue
				}
				expect := make([]uint64, max(len(sig.Params), len(sig.Results)))
				answer(expect, sig, tt.from)
				if err != nil || !slices.Equal(results, expect[:len(sig.Results)]) {
					t.Errorf("function %d: %v, %v; want %v", i, results, err, expect)
				}
			}
		})
	}
}

// What the adapter is made of can be read again.
func TestHostAdapterParses(t *testing.T) {
	info, err := wasm.Parse(wasm.HostAdapter(signatures))
	if err != nil {
		t.Fatal(err)
	}
	for i, sig := range signatures {
		for _, name := range []string{"f" + strconv.Itoa(i), "r" + strconv.Itoa(i)} {
			if m := info.Import("host", name); m == nil || m.Func == nil || name[0] == 'f' && !m.Func.Equal(sig) {
				t.Errorf("import %s is %v", name, m)
			}
		}
		if e := info.Export(strconv.Itoa(i)); e == nil || e.Func == nil || !e.Func.Equal(sig) {
			t.Errorf("export %d is %v", i, e)
		}
	}
}
