package wasi_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
	"github.com/extism-js/extism-js/internal/wasi"
)

// section encodes a section of fewer than 128^3 bytes.
func section(id byte, count int, body []byte) []byte {
	b := append(leb(count), body...)
	return append(append([]byte{id}, leb(len(b))...), b...)
}

func leb(n int) []byte {
	var b []byte
	for ; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

func name(s string) []byte { return append(leb(len(s)), s...) }

// forwarder is a guest with one page of memory that imports every function and
// exports, under the same names, functions that pass their arguments on. That it
// can be instantiated shows that the signatures are right.
func forwarder() []byte {
	n := len(wasi.Functions)
	var types, imports, functions, exports, code []byte
	for i, f := range wasi.Functions {
		types = append(append(types, 0x60), leb(len(f.Params))...)
		for _, p := range f.Params {
			types = append(types, byte(p))
		}
		types = append(types, leb(len(f.Results))...)
		for _, r := range f.Results {
			types = append(types, byte(r))
		}
		imports = append(append(append(imports, name(wasi.ModuleName)...), name(f.Name)...), 0)
		imports = append(imports, leb(i)...)
		functions = append(functions, leb(i)...)
		exports = append(append(append(exports, name(f.Name)...), 0), leb(n+i)...)
		body := []byte{0}
		for p := range f.Params {
			body = append(body, 0x20, byte(p))
		}
		body = append(append(append(body, 0x10), leb(i)...), 0x0b)
		code = append(append(code, leb(len(body))...), body...)
	}
	exports = append(append(exports, name("memory")...), 2, 0)
	m := []byte("\x00asm\x01\x00\x00\x00")
	m = append(m, section(1, n, types)...)
	m = append(m, section(2, n, imports)...)
	m = append(m, section(3, n, functions)...)
	m = append(m, section(5, 1, []byte{0, 1})...)
	m = append(m, section(7, n+1, exports)...)
	return append(m, section(10, n, code)...)
}

// counting is the random source of both sides.
type counting struct{ n byte }

func (c *counting) Read(b []byte) (int, error) {
	for i := range b {
		c.n++
		b[i] = c.n
	}
	return len(b), nil
}

const (
	wall  = 1_700_000_000_123_456_789
	nanos = 987_654_321
)

// newOracle instantiates the guest on wazero's own WASI.
func newOracle(t *testing.T) api.Module {
	ctx := context.Background()
	rt := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { rt.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	config := wazero.NewModuleConfig().
		WithArgs("plugin", "x y", "").WithEnv("A", "1").WithEnv("LONG", "b=c").
		WithStdin(bytes.NewReader([]byte("some input"))).
		WithRandSource(&counting{}).
		WithWalltime(func() (int64, int32) { return wall / 1_000_000_000, wall % 1_000_000_000 }, sys.ClockResolution(1e6)).
		WithNanotime(func() int64 { return nanos }, sys.ClockResolution(1e5))
	m, err := rt.InstantiateWithConfig(ctx, forwarder(), config)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func newSubject(t *testing.T) *wasi.System {
	random := &counting{}
	s, err := wasi.New(wasi.Options{
		Args:     []string{"plugin", "x y", ""},
		Env:      []string{"A=1", "LONG=b=c"},
		Stdin:    []byte("some input"),
		Random:   func(b []byte) { random.Read(b) },
		Walltime: func() int64 { return wall },
		Nanotime: func() int64 { return nanos },
		Sleep:    wasi.NoWait,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAgreesWithWazero makes the same calls on both and compares results and
// memories. It leaves out where they differ on purpose: what a standard stream
// says it is (here a character device, so that C writes line by line) and that it
// counts as a preopened resource there, what it answers to seeking and to
// descriptors' rights, CPU clocks, and what poll_oneoff says about output.
func TestAgreesWithWazero(t *testing.T) {
	const end = 65536
	const far = 1<<32 - 1
	calls := []struct {
		name string
		args []uint64
	}{
		{"args_sizes_get", []uint64{0, 4}},
		{"args_sizes_get", []uint64{end - 4, end - 8}},
		{"args_sizes_get", []uint64{0, far}},
		{"args_get", []uint64{0, 64}},
		{"args_get", []uint64{end - 12, 64}},
		{"args_get", []uint64{end - 11, 64}},
		{"environ_sizes_get", []uint64{0, 4}},
		{"environ_sizes_get", []uint64{far, 0}},
		{"environ_get", []uint64{0, 64}},
		{"environ_get", []uint64{0, end - 13}},
		{"environ_get", []uint64{0, end - 12}},
		{"clock_res_get", []uint64{0, 0}},
		{"clock_res_get", []uint64{1, 8}},
		{"clock_res_get", []uint64{1, end - 7}},
		{"clock_res_get", []uint64{9, 8}},
		{"clock_time_get", []uint64{0, 0, 16}},
		{"clock_time_get", []uint64{1, 1000, 24}},
		{"clock_time_get", []uint64{1, 1000, far}},
		{"clock_time_get", []uint64{100, 0, 0}},
		{"random_get", []uint64{100, 33}},
		{"random_get", []uint64{100, 0}},
		{"random_get", []uint64{end - 3, 3}},
		{"random_get", []uint64{end - 3, 4}},
		{"random_get", []uint64{0, 50000}},
		{"fd_prestat_get", []uint64{3, 0}},
		{"fd_prestat_get", []uint64{far, 0}},
		{"fd_prestat_dir_name", []uint64{3, 0, 10}},
		{"fd_fdstat_get", []uint64{3, 0}},
		{"fd_fdstat_get", []uint64{1, end - 23}},
		{"fd_filestat_get", []uint64{3, 0}},
		{"fd_filestat_get", []uint64{1, end - 63}},
		{"fd_fdstat_set_flags", []uint64{1, 0}},
		{"fd_fdstat_set_flags", []uint64{1, 2}},
		{"fd_fdstat_set_flags", []uint64{3, 0}},
		{"fd_write", []uint64{1, 1024, 2, 0}},
		{"fd_write", []uint64{2, 1024, 1, 0}},
		{"fd_write", []uint64{1, 1024, 0, 0}},
		{"fd_write", []uint64{0, 1024, 2, 0}},
		{"fd_write", []uint64{3, 1024, 2, 0}},
		{"fd_write", []uint64{1, 1024, 2, far}},
		{"fd_write", []uint64{1, end - 7, 1, 0}},
		{"fd_write", []uint64{1, 1040, 1, 0}},
		{"fd_read", []uint64{0, 1024, 2, 0}},
		{"fd_read", []uint64{0, 1024, 2, 0}},
		{"fd_read", []uint64{0, 1024, 2, 0}},
		{"fd_read", []uint64{1, 1024, 2, 0}},
		{"fd_read", []uint64{3, 1024, 2, 0}},
		{"fd_read", []uint64{0, 1040, 1, 0}},
		{"fd_readdir", []uint64{3, 0, 100, 0, 200}},
		{"fd_seek", []uint64{3, 0, 0, 0}},
		{"fd_tell", []uint64{3, 0}},
		{"fd_sync", []uint64{3}},
		{"fd_datasync", []uint64{3}},
		{"fd_renumber", []uint64{3, 1}},
		{"fd_filestat_set_size", []uint64{3, 0}},
		{"path_open", []uint64{3, 0, 0, 1, 0, 0, 0, 0, 0}},
		{"path_open", []uint64{1, 0, 0, 1, 0, 0, 0, 0, 0}},
		{"path_create_directory", []uint64{3, 0, 1}},
		{"path_filestat_get", []uint64{3, 0, 0, 1, 64}},
		{"path_unlink_file", []uint64{3, 0, 1}},
		{"path_readlink", []uint64{3, 0, 1, 64, 10, 32}},
		{"sock_accept", []uint64{3, 0, 0}},
		{"sock_shutdown", []uint64{3, 1}},
		{"poll_oneoff", []uint64{2048, 4096, 1, 0}},
		{"poll_oneoff", []uint64{2048, 4096, 0, 0}},
		{"poll_oneoff", []uint64{2048, end - 31, 1, 0}},
		{"poll_oneoff", []uint64{2048, 4096, 1, far}},
		{"proc_raise", []uint64{1}},
		{"sched_yield", nil},
		{"fd_close", []uint64{2}},
		{"fd_write", []uint64{2, 1024, 1, 0}},
		{"fd_close", []uint64{2}},
		{"fd_close", []uint64{3}},
	}
	// Two vectors of 4 and 3 bytes, one that is outside, and a sleep of 50 ns.
	content := make([]byte, end)
	copy(content, "path")
	copy(content[1024:], "\x00\x10\x00\x00\x04\x00\x00\x00\x80\x10\x00\x00\x03\x00\x00\x00\xff\xff\x00\x00\x02\x00\x00\x00")
	copy(content[2048:], "userdata\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x32")

	oracle, subject := newOracle(t), newSubject(t)
	for _, c := range calls {
		mem := enginetest.NewMemory(end)
		copy(mem.Bytes(), content)
		oracle.Memory().Write(0, content)

		want, err := oracle.ExportedFunction(c.name).Call(context.Background(), c.args...)
		if err != nil {
			t.Fatalf("%s%v: %v", c.name, c.args, err)
		}
		got := callSubject(subject, mem, c.name, c.args)
		if got != int32(want[0]) {
			t.Errorf("%s%v = %d, wazero says %d", c.name, c.args, got, want[0])
		}
		theirs, _ := oracle.Memory().Read(0, end)
		if want[0] == 0 && !bytes.Equal(mem.Bytes(), theirs) {
			t.Errorf("%s%v: memories differ: %s", c.name, c.args, difference(mem.Bytes(), theirs))
		}
	}
}

func callSubject(s *wasi.System, m *enginetest.Memory, name string, args []uint64) int32 {
	for _, f := range wasi.Functions {
		if f.Name == name {
			return f.Call(s, m, args)
		}
	}
	panic("no function " + name)
}

func difference(a, b []byte) string {
	for i := range a {
		if a[i] != b[i] {
			return fmt.Sprintf("at %d ours has % x, theirs % x", i, a[i:min(i+16, len(a))], b[i:min(i+16, len(b))])
		}
	}
	return "none"
}
