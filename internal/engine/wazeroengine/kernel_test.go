package wazeroengine

import (
	"reflect"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
)

func newKernel(t *testing.T, e *Engine, c KernelConfig) *Kernel {
	t.Helper()
	k, err := e.NewKernel(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// put makes a block that holds s.
func put(t *testing.T, k *Kernel, s string) uint32 {
	t.Helper()
	off := k.Alloc(uint32(len(s)))
	if off == 0 || !k.Write(off, []byte(s)) {
		t.Fatalf("no block for %q", s)
	}
	return off
}

func TestKernelForTheHost(t *testing.T) {
	e := newEngine(t, Options{})
	k := newKernel(t, e, KernelConfig{ID: 3, Env: &fakeEnv{}})
	if off := k.Begin(0); off != 0 {
		t.Errorf("an empty input is at %d", off)
	}
	in := k.Begin(5)
	if in != kernel.HeapBase || k.Length(in) != 5 {
		t.Errorf("input of %d bytes at %d", k.Length(in), in)
	}
	if r, err := k.Call(t.Context(), "input_length"); err != nil || r[0] != 5 {
		t.Errorf("input length %v, error %v", r, err)
	}
	a := put(t, k, "some output")
	if _, err := k.Call(t.Context(), "output_set", uint64(a)+5, 6); err != nil {
		t.Fatal(err)
	}
	if off, n := k.Output(); off != a+5 || n != 6 {
		t.Errorf("output of %d bytes at %d", n, off)
	}
	if off, n := k.Error(); off != 0 || n != 0 {
		t.Errorf("error of %d bytes at %d", n, off)
	}
	if _, err := k.Call(t.Context(), "error_set", uint64(a)); err != nil {
		t.Fatal(err)
	}
	if off, n := k.Error(); off != a || n != 11 {
		t.Errorf("error of %d bytes at %d", n, off)
	}
	k.Free(a + 1) // no block starts there
	if k.Length(a) != 11 {
		t.Error("freed by an offset inside")
	}
	k.Free(a)
	if off, n := k.Error(); off != a || n != 0 {
		t.Errorf("a freed error has %d bytes at %d", n, off)
	}
	if off := k.Alloc(0); off != 0 {
		t.Errorf("a block of 0 bytes is at %d", off)
	}
	if off := k.Alloc(0xffffffff); off != 0 {
		t.Errorf("a block of 4 GiB is at %d", off)
	}
	k.Begin(0)
	if off, n := k.Output(); off != 0 || n != 0 {
		t.Errorf("after a reset the output has %d bytes at %d", n, off)
	}
	if k.Size() != 65536 {
		t.Errorf("size %d", k.Size())
	}
}

func TestKernelIDs(t *testing.T) {
	e := newEngine(t, Options{})
	k := newKernel(t, e, KernelConfig{ID: -7, Env: &fakeEnv{}})
	if _, err := e.NewKernel(t.Context(), KernelConfig{ID: -7, Env: &fakeEnv{}}); err == nil {
		t.Error("two kernels with one id")
	}
	if err := k.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	newKernel(t, e, KernelConfig{ID: -7, Env: &fakeEnv{}})
	// Each reaches its own.
	envs := []*fakeEnv{{i32: 1}, {i32: 2}, {i32: 3}}
	var kernels []*Kernel
	for i, env := range envs {
		kernels = append(kernels, newKernel(t, e, KernelConfig{ID: int32(1000 * i), Env: env}))
	}
	for i, k := range kernels {
		if r, err := k.Call(t.Context(), "http_status_code"); err != nil || r[0] != uint64(i+1) {
			t.Errorf("kernel %d: %v, %v", i, r, err)
		}
	}
}

func pages(n uint32) *uint32 { return &n }

func TestMaxPages(t *testing.T) {
	e := newEngine(t, Options{})
	for id, tt := range []struct {
		max  *uint32
		n    uint32
		fits bool
	}{
		{nil, 10 << 20, true},
		{pages(0), 1000, true}, // there is always the first page
		{pages(0), 65536, false},
		{pages(1), 60000, true},
		{pages(1), 65000, false},
		{pages(2), 100000, true},
		{pages(2), 131072, false},
		{pages(100), 98 * 65536, true},
		{pages(100), 100 * 65536, false},
		{pages(0xffffffff), 10 << 20, true},
	} {
		k := newKernel(t, e, KernelConfig{ID: int32(id), MaxPages: tt.max, Env: &fakeEnv{}})
		if got := k.Alloc(tt.n) != 0; got != tt.fits {
			t.Errorf("%v pages, block of %d bytes: %v", tt.max, tt.n, got)
		}
		if tt.max != nil && k.Size() > uint64(max(*tt.max, 1))*65536 {
			t.Errorf("%d pages became %d bytes", *tt.max, k.Size())
		}
	}
}

// What Go is asked, what it may answer, and what becomes of the arguments.
func TestEnv(t *testing.T) {
	const wild = 1<<32 | kernel.HeapBase
	for _, tt := range []struct {
		name string
		// Blocks "a" and "bcd" lie at offsets A and B.
		call []any // function, then arguments
		env  fakeEnv
		asks string
		args []any
		want []uint64 // nil: a trap
		live string   // what is left of A and B
	}{
		{"config", []any{"config_get", "A"}, fakeEnv{i64: 4000}, "config_get", []any{"A", 1}, []uint64{4000}, "B"},
		{"config, none", []any{"config_get", "B"}, fakeEnv{}, "config_get", []any{"B", 3}, []uint64{0}, "A"},
		{"config, offset 0", []any{"config_get", 0}, fakeEnv{}, "config_get", []any{0, 0}, []uint64{0}, "AB"},
		{"config, wild offset", []any{"config_get", wild}, fakeEnv{}, "config_get", []any{0, 0}, []uint64{0}, "AB"},
		{"config, stop", []any{"config_get", "A"}, fakeEnv{i64: -1}, "config_get", []any{"A", 1}, nil, "B"},
		{"config, stop with an offset", []any{"config_get", 0}, fakeEnv{i64: -1<<63 | 4000}, "config_get", []any{0, 0}, nil, "AB"},
		{"config, more than an offset", []any{"config_get", 0}, fakeEnv{i64: 1<<40 | 5}, "config_get", []any{0, 0}, []uint64{5}, "AB"},
		{"variable", []any{"var_get", "A"}, fakeEnv{i64: 4000}, "var_get", []any{"A", 1}, []uint64{4000}, "B"},
		{"variable, stop", []any{"var_get", "A"}, fakeEnv{i64: -5}, "var_get", []any{"A", 1}, nil, "B"},
		{"set", []any{"var_set", "A", "B"}, fakeEnv{}, "var_set", []any{"A", 1, "B", 3}, []uint64{}, ""},
		{"set to the key", []any{"var_set", "B", "B"}, fakeEnv{}, "var_set", []any{"B", 3, "B", 3}, []uint64{}, "A"},
		{"remove", []any{"var_set", "A", 0}, fakeEnv{}, "var_set", []any{"A", 1, 0, 0}, []uint64{}, "B"},
		{"set to a wild offset", []any{"var_set", "A", wild}, fakeEnv{}, "var_set", []any{"A", 1, kernel.HeapBase, 0}, []uint64{}, "B"},
		{"set to a wild offset without low bits", []any{"var_set", "A", 1 << 32}, fakeEnv{}, "var_set", []any{"A", 1, kernel.HeapBase, 0}, []uint64{}, "B"},
		{"set, stop", []any{"var_set", "A", "B"}, fakeEnv{i32: -1}, "var_set", []any{"A", 1, "B", 3}, nil, ""},
		{"request", []any{"http_request", "A", "B"}, fakeEnv{i64: 4000}, "http_request", []any{"A", 1, "B", 3}, []uint64{4000}, ""},
		{"request without a body", []any{"http_request", "B", 0}, fakeEnv{}, "http_request", []any{"B", 3, 0, 0}, []uint64{0}, "A"},
		{"request with a wild body", []any{"http_request", "B", wild}, fakeEnv{}, "http_request", []any{"B", 3, 0, 0}, []uint64{0}, "A"},
		{"request, stop", []any{"http_request", "A", "B"}, fakeEnv{i64: -1}, "http_request", []any{"A", 1}, nil, "AB"},
		{"request, stopped while it is made", []any{"http_request", "A", "B"}, fakeEnv{i32: -1}, "http_request", []any{"A", 1, "B", 3}, nil, ""},
		{"request with the highest response", []any{"http_request", "A", 0}, fakeEnv{i64: 0xfffffff0}, "http_request", []any{"A", 1, 0, 0}, []uint64{0xfffffff0}, "B"},
		{"status", []any{"http_status_code"}, fakeEnv{i32: 404}, "http_status_code", nil, []uint64{404}, "AB"},
		{"headers", []any{"http_headers"}, fakeEnv{i64: 4000}, "http_headers", nil, []uint64{4000}, "AB"},
		{"headers, stop", []any{"http_headers"}, fakeEnv{i64: -1}, "http_headers", nil, nil, "AB"},
		{"level", []any{"get_log_level"}, fakeEnv{i32: 0x7fffffff}, "get_log_level", nil, []uint64{0x7fffffff}, "AB"},
		{"trace", []any{"log_trace", "B"}, fakeEnv{}, "log", []any{0, 3}, []uint64{}, "A"},
		{"debug", []any{"log_debug", "B"}, fakeEnv{}, "log", []any{1, 3}, []uint64{}, "A"},
		{"info", []any{"log_info", "B"}, fakeEnv{}, "log", []any{2, 3}, []uint64{}, "A"},
		{"warn", []any{"log_warn", "B"}, fakeEnv{}, "log", []any{3, 3}, []uint64{}, "A"},
		{"error", []any{"log_error", "B"}, fakeEnv{}, "log", []any{4, 3}, []uint64{}, "A"},
		{"log, stop", []any{"log_error", "B"}, fakeEnv{i32: -1}, "log", []any{4, 3}, nil, "AB"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEngine(t, Options{Interpreter: true})
			env := tt.env
			// Who makes the request gets the body, and answers as Go has.
			k := newKernel(t, e, KernelConfig{ID: 9, Env: &env, HTTP: func(off, n uint32) float64 {
				env.hook()
				env.args[0] = append(env.args[0], off, n)
				return float64(env.i64) + float64(env.i32)
			}})
			at := map[any]uint64{"A": uint64(put(t, k, "a")), "B": uint64(put(t, k, "bcd"))}
			resolve := func(v any) uint64 {
				if n, ok := v.(int); ok {
					return uint64(n)
				}
				return at[v]
			}
			// While Go answers, its arguments must be there.
			env.hook = func() {
				if k.Length(uint32(at["A"])) != 1 || k.Length(uint32(at["B"])) != 3 {
					t.Error("an argument was freed too early")
				}
			}
			var args []uint64
			for _, a := range tt.call[1:] {
				args = append(args, resolve(a))
			}
			got, err := k.Call(t.Context(), tt.call[0].(string), args...)
			if (err != nil) != (tt.want == nil) {
				t.Fatalf("error %v", err)
			}
			if err != nil && !strings.Contains(err.Error(), "unreachable") {
				t.Errorf("the stop was %v", err)
			}
			if err == nil && len(got)+len(tt.want) > 0 && !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			var want []uint32
			for _, a := range tt.args {
				want = append(want, uint32(resolve(a)))
			}
			if len(env.calls) != 1 || env.calls[0] != tt.asks || len(want)+len(env.args[0]) > 0 && !reflect.DeepEqual(env.args[0], want) {
				t.Errorf("asked %v %v, want %s %v", env.calls, env.args, tt.asks, want)
			}
			left := ""
			for _, name := range []string{"A", "B"} {
				if k.Length(uint32(at[name])) != 0 {
					left += name
				}
			}
			if left != tt.live {
				t.Errorf("live afterwards: %q, want %q", left, tt.live)
			}
			// A trap leaves the gate open for the next.
			env.i32, env.i64, env.hook = 0, 0, nil
			if _, err := k.Call(t.Context(), "get_log_level"); err != nil {
				t.Errorf("then %v", err)
			}
		})
	}
}

// A result that is allocated while Go answers never has an argument's offset.
func TestResultIsNoArgument(t *testing.T) {
	e := newEngine(t, Options{})
	var k *Kernel
	env := &fakeEnv{}
	env.hook = func() { env.i64 = int64(k.Alloc(3)) }
	k = newKernel(t, e, KernelConfig{ID: 1, Env: env})
	key := put(t, k, "key")
	r, err := k.Call(t.Context(), "var_get", uint64(key))
	if err != nil {
		t.Fatal(err)
	}
	// Plug-ins free their key themselves, a second time.
	k.Free(key)
	if uint32(r[0]) == key || k.Length(uint32(r[0])) != 3 {
		t.Errorf("result %d of %d bytes, key %d", r[0], k.Length(uint32(r[0])), key)
	}
}

func TestLogSink(t *testing.T) {
	for _, tt := range []struct {
		name         string
		wanted, sink int32
		called, trap bool
	}{
		{"filtered", 0, 0, false, false},
		{"emitted", 1, 0, true, false},
		{"stopped by Go", -1, 0, false, true},
		{"stopped by the sink", 1, 1, true, true},
		{"stopped by the sink, negative", 1, -1, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEngine(t, Options{})
			var k *Kernel
			called := false
			env := &fakeEnv{i32: tt.wanted}
			k = newKernel(t, e, KernelConfig{ID: 5, Env: env, Log: func(id, level int32, off, n uint32) int32 {
				called = true
				line := make([]byte, n)
				if !k.Read(off, line) || string(line) != "a line" || id != 5 || level != 3 {
					t.Errorf("line %q, id %d, level %d", line, id, level)
				}
				// No Go frame is on the stack: the gate is open.
				if r, err := e.gate.Call(t.Context(), "depth"); err != nil || r[0] != 0 {
					t.Errorf("depth %v, %v", r, err)
				}
				return tt.sink
			}})
			line := put(t, k, "a line")
			_, err := k.Call(t.Context(), "log_warn", uint64(line))
			if (err != nil) != tt.trap || called != tt.called {
				t.Errorf("called %v, error %v", called, err)
			}
			if live := k.Length(line) != 0; live != tt.trap {
				t.Errorf("afterwards the line is live: %v", live)
			}
		})
	}
}

// The gate lets nobody in while Go is running, nor after it has died.
func TestGate(t *testing.T) {
	e := newEngine(t, Options{})
	env := &fakeEnv{}
	k := newKernel(t, e, KernelConfig{ID: 1, Env: env})
	env.hook = func() {
		env.hook = nil
		if _, err := k.Call(t.Context(), "http_status_code"); err == nil {
			t.Error("entered while Go was running")
		}
	}
	if _, err := k.Call(t.Context(), "get_log_level"); err != nil {
		t.Fatal(err)
	}
	// Go dies while it answers: what it returns must not reach the guest.
	env.hook = func() {
		if err := e.Kill(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if r, err := k.Call(t.Context(), "get_log_level"); err == nil {
		t.Errorf("a dead core answered %v", r)
	}
	env.hook = func() { t.Error("entered a dead core") }
	for _, f := range []string{"get_log_level", "http_headers", "http_status_code"} {
		if _, err := k.Call(t.Context(), f); err == nil {
			t.Errorf("%s of a dead core gave no trap", f)
		}
	}
	for name, want := range map[string]uint64{"dead": 1, "depth": 0} {
		if r, err := e.gate.Call(t.Context(), name); err != nil || r[0] != want {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	if _, err := e.gate.Call(t.Context(), "trap"); err == nil {
		t.Error("trap returned")
	}
}

// An exception that passed through Go's frames leaves the gate shut for ever.
func TestGateStaysShutAfterAPanic(t *testing.T) {
	e := newEngine(t, Options{})
	env := &fakeEnv{hook: func() { panic("in a host function") }}
	k := newKernel(t, e, KernelConfig{ID: 1, Env: env})
	if _, err := k.Call(t.Context(), "get_log_level"); err == nil {
		t.Fatal("no error")
	}
	env.hook = nil
	if _, err := k.Call(t.Context(), "get_log_level"); err == nil {
		t.Error("entered a broken core")
	}
}
