package wasi

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

var update = flag.Bool("update", false, "rewrite testdata/trace.txt")

// tracedMemory notes what a function writes.
type tracedMemory struct {
	enginetest.Memory
	writes strings.Builder
}

func (m *tracedMemory) Write(off uint32, src []byte) bool {
	if !m.Memory.Write(off, src) {
		return false
	}
	if len(src) > 0 {
		fmt.Fprintf(&m.writes, "  %5d: % x\n", off, src)
	}
	return true
}

// trace is one call of each function that can succeed, in an order in which it
// does, with "abc" at 1024, a vector for it at 512 and one subscription at 600.
var trace = []struct {
	name string
	args []uint64
}{
	{"args_sizes_get", []uint64{0, 4}},
	{"args_get", []uint64{0, 64}},
	{"environ_sizes_get", []uint64{0, 4}},
	{"environ_get", []uint64{0, 64}},
	{"clock_res_get", []uint64{0, 0}},
	{"clock_time_get", []uint64{0, 1, 0}},
	{"random_get", []uint64{0, 5}},
	{"sched_yield", nil},
	{"proc_raise", []uint64{9}},
	{"fd_prestat_get", []uint64{3, 0}},
	{"fd_prestat_dir_name", []uint64{3, 0, 5}},
	{"fd_prestat_get", []uint64{4, 0}},
	{"fd_fdstat_get", []uint64{1, 0}},
	{"fd_fdstat_set_flags", []uint64{1, 4}},
	{"fd_fdstat_set_rights", []uint64{1, 64, 0}},
	{"fd_fdstat_get", []uint64{1, 0}},
	{"fd_filestat_get", []uint64{0, 0}},
	{"fd_filestat_set_size", []uint64{1, 0}},
	{"fd_filestat_set_times", []uint64{1, 0, 0, 0}},
	{"fd_advise", []uint64{1, 0, 0, 0}},
	{"fd_allocate", []uint64{1, 0, 0}},
	{"fd_datasync", []uint64{1}},
	{"fd_sync", []uint64{1}},
	{"fd_seek", []uint64{4, 7, 1, 0}},
	{"fd_seek", []uint64{1, 7, 1, 0}},
	{"fd_tell", []uint64{4, 0}},
	{"fd_write", []uint64{1, 512, 1, 0}},
	{"fd_pwrite", []uint64{1, 512, 1, 0, 0}},
	{"fd_pwrite", []uint64{4, 512, 1, 0, 0}},
	{"fd_read", []uint64{0, 512, 1, 0}},
	{"fd_pread", []uint64{4, 512, 1, 2, 0}},
	{"fd_readdir", []uint64{3, 0, 100, 1, 256}},
	{"poll_oneoff", []uint64{600, 0, 1, 256}},
	{"path_create_directory", []uint64{3, 1024, 3}},
	{"path_filestat_get", []uint64{3, 1, 1024, 3, 0}},
	{"path_filestat_set_times", []uint64{3, 1, 1024, 3, 1, 2, 5}},
	{"path_link", []uint64{3, 0, 1024, 3, 3, 1024, 2}},
	{"path_open", []uint64{3, 1, 1024, 3, 0, 2, 0, 0, 0}},
	{"path_readlink", []uint64{3, 1024, 3, 0, 100, 256}},
	{"path_remove_directory", []uint64{3, 1024, 3}},
	{"path_rename", []uint64{3, 1024, 3, 3, 1024, 2}},
	{"path_symlink", []uint64{1024, 3, 3, 1024, 2}},
	{"path_unlink_file", []uint64{3, 1024, 3}},
	{"sock_accept", []uint64{0, 0, 0}},
	{"sock_recv", []uint64{0, 512, 1, 0, 0, 4}},
	{"sock_send", []uint64{0, 512, 1, 0, 0}},
	{"sock_shutdown", []uint64{0, 3}},
	{"fd_renumber", []uint64{2, 1}},
	{"fd_close", []uint64{1}},
	{"fd_close", []uint64{1}},
	{"proc_exit", []uint64{7}},
}

// TestGoldenTrace compares results and every byte written with testdata/trace.txt.
func TestGoldenTrace(t *testing.T) {
	s := newSystem(t, func(o *Options) {
		o.Args, o.Env, o.Stdin = []string{"a", "bc"}, []string{"A=1"}, []byte("input")
	})
	s.files = append(s.files, newFakeDir(), &fakeFile{})
	m := &tracedMemory{Memory: *enginetest.NewMemory(memSize)}
	seen := map[string]bool{}
	var got strings.Builder
	for _, c := range trace {
		seen[c.name] = true
		copy(m.Bytes()[1024:], "abc")
		iovecs(&m.Memory, 512, 1024, 3)
		putSubs(&m.Memory, 600, []sub{{0, 1, 50, 0}})
		m.writes.Reset()
		r := call(t, s, m, c.name, c.args...)
		fmt.Fprintf(&got, "%s%v = %d\n%s", c.name, c.args, r, m.writes.String())
	}
	for _, f := range Functions {
		if !seen[f.Name] {
			t.Errorf("%s is not in the trace", f.Name)
		}
	}
	const file = "testdata/trace.txt"
	if *update {
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the trace has changed (-update rewrites it):\n%s", got.String())
	}
}
