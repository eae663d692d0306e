package wazeroengine

import (
	"slices"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/wasi"
	"github.com/extism-js/extism-js/internal/wasm"
)

// The adapter numbers functions as this table does, and the core looks them up in
// that one.
func TestWasiTablesAgree(t *testing.T) {
	if len(kernel.WasiFunctions) != len(wasi.Functions) {
		t.Fatalf("%d and %d functions", len(kernel.WasiFunctions), len(wasi.Functions))
	}
	for i, f := range kernel.WasiFunctions {
		g := wasi.Functions[i]
		if f.Name != g.Name || len(f.Type.Params) != len(g.Params) || len(f.Type.Params) > 9 {
			t.Errorf("number %d is %s%v in one and %s%v in the other", i, f.Name, f.Type, g.Name, g.Params)
		}
	}
}

// Every function passes its arguments on in order and gives back the errno.
func TestWasiForwards(t *testing.T) {
	e := newEngine(t, Options{})
	var got []uint64
	funcs := map[string]WasiFunc{}
	for _, f := range kernel.WasiFunctions {
		funcs[f.Name] = func(handle int32, args []uint64) int32 {
			if handle != -3 {
				t.Errorf("%s: handle %d", f.Name, handle)
			}
			got = slices.Clone(args[:len(f.Type.Params)])
			return 28
		}
	}
	w, err := e.NewWasi(t.Context(), WasiConfig{Handle: -3, Funcs: funcs})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range kernel.WasiFunctions {
		var args []uint64
		for i, p := range f.Type.Params {
			a := uint64(i + 1)
			if p == wasm.I64 {
				a |= 1 << 40
			}
			args = append(args, a)
		}
		got = nil
		r, err := w.Call(t.Context(), f.Name, args...)
		if !slices.Equal(got, args) {
			t.Errorf("%s got %v, want %v", f.Name, got, args)
		}
		// proc_exit does not return, whatever Go says.
		if f.Name == "proc_exit" {
			if err == nil {
				t.Errorf("%s returned", f.Name)
			}
			continue
		}
		if err != nil || len(r) != 1 || r[0] != 28 {
			t.Errorf("%s: %v, %v", f.Name, r, err)
		}
	}
}

func TestWasiResults(t *testing.T) {
	for _, tt := range []struct {
		name         string
		result, sink int32
		want         uint64
		output, trap bool
	}{
		{"success", 0, 0, 0, false, false},
		{"an errno", 8, 0, 8, false, false},
		{"output", 0x10000, 0, 0, true, false},
		{"output and an errno", 0x10000 | 29, 0, 29, true, false},
		{"output, stopped by the sink", 0x10000, 1, 0, true, true},
		{"stop", -1, 0, 0, false, true},
		{"stop, all bits but the sign unset", -1 << 31, 0, 0, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEngine(t, Options{})
			output := false
			w, err := e.NewWasi(t.Context(), WasiConfig{
				Handle: 4,
				Funcs:  map[string]WasiFunc{"fd_write": func(int32, []uint64) int32 { return tt.result }},
				Output: func(handle int32) int32 {
					output = true
					if r, err := e.gate.Call(t.Context(), "depth"); err != nil || r[0] != 0 || handle != 4 {
						t.Errorf("depth %v, error %v, handle %d", r, err, handle)
					}
					return tt.sink
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			r, err := w.Call(t.Context(), "fd_write", 1, 2, 3, 4)
			if (err != nil) != tt.trap || output != tt.output {
				t.Fatalf("output %v, error %v", output, err)
			}
			if err == nil && r[0] != tt.want {
				t.Errorf("got %d, want %d", r[0], tt.want)
			}
		})
	}
}

func TestWasiWithoutAnswers(t *testing.T) {
	e := newEngine(t, Options{})
	w, err := e.NewWasi(t.Context(), WasiConfig{Handle: 1})
	if err != nil {
		t.Fatal(err)
	}
	if r, err := w.Call(t.Context(), "sched_yield"); err != nil || r[0] != enosys {
		t.Errorf("got %v, %v", r, err)
	}
	if _, err := e.NewWasi(t.Context(), WasiConfig{Handle: 1}); err == nil {
		t.Error("two adapters with one handle")
	}
	if err := w.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.NewWasi(t.Context(), WasiConfig{Handle: 1}); err != nil {
		t.Error(err)
	}
}
