package wasi

import (
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

func TestFunctionsAreThoseOfPreview1(t *testing.T) {
	if len(Functions) != 46 {
		t.Errorf("%d functions, want 46", len(Functions))
	}
	for _, f := range Functions {
		want := 1
		if f.Name == "proc_exit" {
			want = 0
		}
		if len(f.Results) != want {
			t.Errorf("%s has %d results, want %d", f.Name, len(f.Results), want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	good := (&clocks{}).options()
	tests := []struct {
		name   string
		change func(*Options)
		err    string
	}{
		{"no random", func(o *Options) { o.Random = nil }, "required"},
		{"no wall clock", func(o *Options) { o.Walltime = nil }, "required"},
		{"no monotonic clock", func(o *Options) { o.Nanotime = nil }, "required"},
		{"NUL in an argument", func(o *Options) { o.Args = []string{"a\x00b"} }, "NUL"},
		{"NUL in the environment", func(o *Options) { o.Env = []string{"A=\x00"} }, "NUL"},
		{"no value", func(o *Options) { o.Env = []string{"A"} }, "KEY=value"},
		{"no key", func(o *Options) { o.Env = []string{"=a"} }, "KEY=value"},
		{"no entry", func(o *Options) { o.Env = []string{""} }, "KEY=value"},
	}
	for _, tt := range tests {
		o := good
		tt.change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%s: error %v, want one with %q", tt.name, err, tt.err)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

// room lists the records that functions read or write for sure: how many bytes
// at which argument. The rest of the arguments makes the call succeed.
var room = []struct {
	name string
	args []uint64
	arg  int
	size uint64
}{
	{"args_get", []uint64{0, 64}, 0, 8},
	{"args_get", []uint64{0, 64}, 1, 5},
	{"args_sizes_get", []uint64{0, 4}, 0, 4},
	{"args_sizes_get", []uint64{0, 4}, 1, 4},
	{"environ_get", []uint64{0, 64}, 0, 4},
	{"environ_get", []uint64{0, 64}, 1, 4},
	{"environ_sizes_get", []uint64{0, 4}, 0, 4},
	{"environ_sizes_get", []uint64{0, 4}, 1, 4},
	{"clock_res_get", []uint64{0, 0}, 1, 8},
	{"clock_time_get", []uint64{0, 0, 0}, 2, 8},
	{"clock_time_get", []uint64{1, 0, 0}, 2, 8},
	{"clock_time_get", []uint64{3, 0, 0}, 2, 8},
	{"random_get", []uint64{0, 10}, 0, 10},
	{"random_get", []uint64{0, 9000}, 0, 9000},
	{"random_get", []uint64{0, 0}, 0, 0},
	{"fd_fdstat_get", []uint64{1, 0}, 1, 24},
	{"fd_filestat_get", []uint64{1, 0}, 1, 64},
	{"fd_prestat_get", []uint64{3, 0}, 1, 8},
	{"fd_prestat_dir_name", []uint64{3, 0, 5}, 1, 5},
	{"fd_read", []uint64{0, 256, 2, 64}, 1, 16},
	{"fd_read", []uint64{0, 256, 2, 64}, 3, 4},
	{"fd_read", []uint64{0, 256, 0, 64}, 1, 0},
	{"fd_write", []uint64{1, 256, 2, 64}, 1, 16},
	{"fd_write", []uint64{2, 256, 2, 64}, 3, 4},
	{"fd_write", []uint64{1, 256, 0, 64}, 1, 0},
	{"fd_pread", []uint64{4, 256, 2, 0, 64}, 1, 16},
	{"fd_pread", []uint64{4, 256, 2, 0, 64}, 4, 4},
	{"fd_pwrite", []uint64{4, 256, 2, 0, 64}, 1, 16},
	{"fd_pwrite", []uint64{4, 256, 2, 0, 64}, 4, 4},
	{"fd_seek", []uint64{4, 0, 0, 0}, 3, 8},
	{"fd_tell", []uint64{4, 0}, 1, 8},
	{"fd_readdir", []uint64{3, 0, 10, 0, 64}, 1, 10},
	{"fd_readdir", []uint64{3, 0, 10, 0, 64}, 4, 4},
	{"poll_oneoff", []uint64{0, 256, 2, 128}, 0, 96},
	{"poll_oneoff", []uint64{0, 256, 2, 128}, 1, 64},
	{"poll_oneoff", []uint64{0, 256, 2, 128}, 3, 4},
	{"path_create_directory", []uint64{3, 0, 3}, 1, 3},
	{"path_filestat_get", []uint64{3, 0, 512, 1, 0}, 4, 64},
	{"path_filestat_set_times", []uint64{3, 0, 0, 3, 0, 0, 0}, 2, 3},
	{"path_link", []uint64{3, 0, 0, 3, 3, 0, 3}, 2, 3},
	{"path_link", []uint64{3, 0, 0, 3, 3, 0, 3}, 5, 3},
	{"path_open", []uint64{3, 0, 512, 1, 0, 0, 0, 0, 0}, 2, 1},
	{"path_open", []uint64{3, 0, 512, 1, 0, 0, 0, 0, 0}, 8, 4},
	{"path_readlink", []uint64{3, 512, 1, 0, 2, 64}, 3, 2},
	{"path_readlink", []uint64{3, 512, 1, 0, 2, 64}, 5, 4},
	{"path_remove_directory", []uint64{3, 0, 3}, 1, 3},
	{"path_rename", []uint64{3, 0, 3, 3, 0, 3}, 1, 3},
	{"path_rename", []uint64{3, 0, 3, 3, 0, 3}, 4, 3},
	{"path_symlink", []uint64{0, 3, 3, 0, 3}, 0, 3},
	{"path_symlink", []uint64{0, 3, 3, 0, 3}, 3, 3},
	{"path_unlink_file", []uint64{3, 0, 3}, 1, 3},
}

// TestEdgeOfMemory puts each record at the last place where it fits, one byte
// further, and far outside; what fails leaves the memory as it was.
func TestEdgeOfMemory(t *testing.T) {
	for _, tt := range room {
		places := []struct {
			off  uint64
			want int32
		}{
			{memSize - tt.size, ErrnoSuccess},
			{memSize - tt.size + 1, ErrnoFault},
			{memSize, ErrnoFault},
			{memSize + 1, ErrnoFault},
			{1 << 31, ErrnoFault},
			{1<<32 - tt.size, ErrnoFault},
			{1<<32 - 1, ErrnoFault},
		}
		for _, p := range places {
			if tt.size == 0 && p.off == memSize {
				p.want = ErrnoSuccess
			}
			if p.off > 1<<32-1 {
				continue
			}
			s := newSystem(t, func(o *Options) {
				o.Args, o.Env, o.Stdin = []string{"a", "bc"}, []string{"A=1"}, []byte("input")
			})
			s.files = append(s.files, newFakeDir(), &fakeFile{})
			m := enginetest.NewMemory(memSize)
			for i := range m.Bytes() {
				// What the call needs at its place is put there below.
				m.Bytes()[i] = 'a'
			}
			clear(m.Bytes()[:512])
			clear(m.Bytes()[memSize-512:])
			iovecs(m, 256, 1024, 2, 1030, 3)
			if strings.HasPrefix(tt.name, "path_") {
				copy(m.Bytes(), "abc")
				copy(m.Bytes()[memSize-4:], "abcd")
			}
			before := string(m.Bytes())
			args := append([]uint64(nil), tt.args...)
			args[tt.arg] = p.off
			expect(t, p.want, s, m, tt.name, args...)
			if p.want != 0 && string(m.Bytes()) != before {
				t.Errorf("%s%v failed and changed the memory", tt.name, args)
			}
		}
	}
}

// TestAnswersByDescriptor asks every function that takes a descriptor about the
// standard streams and about numbers that are not open.
func TestAnswersByDescriptor(t *testing.T) {
	type answer = int32
	tests := []struct {
		name                  string
		args                  []uint64 // without the descriptor, which comes at arg
		arg                   int
		stdin, stdout, closed answer
	}{
		{"fd_advise", []uint64{0, 0, 0}, 0, ErrnoSpipe, ErrnoSpipe, ErrnoBadf},
		{"fd_advise", []uint64{0, 0, 6}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_allocate", []uint64{0, 0}, 0, ErrnoSpipe, ErrnoSpipe, ErrnoBadf},
		{"fd_close", nil, 0, 0, 0, ErrnoBadf},
		{"fd_datasync", nil, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_fdstat_get", []uint64{0}, 0, 0, 0, ErrnoBadf},
		{"fd_fdstat_set_flags", []uint64{0}, 0, 0, 0, ErrnoBadf},
		{"fd_fdstat_set_flags", []uint64{5}, 0, 0, 0, ErrnoBadf},
		{"fd_fdstat_set_flags", []uint64{2}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_fdstat_set_flags", []uint64{32}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_fdstat_set_flags", []uint64{1 << 16}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_fdstat_set_rights", []uint64{0, 0}, 0, 0, 0, ErrnoBadf},
		{"fd_fdstat_set_rights", []uint64{4, 0}, 0, ErrnoNotcapable, ErrnoNotcapable, ErrnoBadf},
		{"fd_fdstat_set_rights", []uint64{0, 1}, 0, ErrnoNotcapable, ErrnoNotcapable, ErrnoBadf},
		{"fd_filestat_get", []uint64{0}, 0, 0, 0, ErrnoBadf},
		{"fd_filestat_set_size", []uint64{0}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_filestat_set_times", []uint64{0, 0, 0}, 0, ErrnoNotsup, ErrnoNotsup, ErrnoBadf},
		{"fd_filestat_set_times", []uint64{0, 0, 3}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_filestat_set_times", []uint64{0, 0, 16}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_pread", []uint64{0, 0, 0, 0}, 0, ErrnoSpipe, ErrnoSpipe, ErrnoBadf},
		{"fd_prestat_get", []uint64{0}, 0, ErrnoBadf, ErrnoBadf, ErrnoBadf},
		{"fd_prestat_dir_name", []uint64{0, 0}, 0, ErrnoBadf, ErrnoBadf, ErrnoBadf},
		{"fd_pwrite", []uint64{0, 0, 0, 0}, 0, ErrnoSpipe, ErrnoSpipe, ErrnoBadf},
		{"fd_read", []uint64{0, 0, 0}, 0, 0, ErrnoBadf, ErrnoBadf},
		{"fd_readdir", []uint64{0, 0, 0, 0}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"fd_renumber", []uint64{2}, 0, 0, 0, ErrnoBadf},
		{"fd_seek", []uint64{0, 0, 0}, 0, ErrnoSpipe, ErrnoSpipe, ErrnoBadf},
		{"fd_seek", []uint64{0, 3, 0}, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_sync", nil, 0, ErrnoInval, ErrnoInval, ErrnoBadf},
		{"fd_tell", []uint64{0}, 0, ErrnoSpipe, ErrnoSpipe, ErrnoBadf},
		{"fd_write", []uint64{0, 0, 0}, 0, ErrnoBadf, 0, ErrnoBadf},
		{"path_create_directory", []uint64{0, 1}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_filestat_get", []uint64{0, 0, 1, 0}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_filestat_set_times", []uint64{0, 0, 1, 0, 0, 0}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_link", []uint64{0, 0, 1, 3, 0, 1}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_open", []uint64{0, 0, 1, 0, 0, 0, 0, 0}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_readlink", []uint64{0, 1, 0, 1, 0}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_remove_directory", []uint64{0, 1}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_rename", []uint64{0, 1, 3, 0, 1}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_symlink", []uint64{0, 1, 0, 1}, 2, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"path_unlink_file", []uint64{0, 1}, 0, ErrnoNotdir, ErrnoNotdir, ErrnoBadf},
		{"sock_accept", []uint64{0, 0}, 0, ErrnoNotsup, ErrnoNotsup, ErrnoBadf},
		{"sock_recv", []uint64{0, 0, 0, 0, 0}, 0, ErrnoNotsup, ErrnoNotsup, ErrnoBadf},
		{"sock_send", []uint64{0, 0, 0, 0}, 0, ErrnoNotsup, ErrnoNotsup, ErrnoBadf},
		{"sock_shutdown", []uint64{0}, 0, ErrnoNotsup, ErrnoNotsup, ErrnoBadf},
	}
	seen := map[string]bool{}
	for _, tt := range tests {
		seen[tt.name] = true
		for fd, want := range map[uint64]answer{
			0: tt.stdin, 1: tt.stdout, 2: tt.stdout,
			3: tt.closed, 1023: tt.closed, 1 << 31: tt.closed, 1<<32 - 1: tt.closed,
		} {
			args := append([]uint64(nil), tt.args[:tt.arg]...)
			args = append(append(args, fd), tt.args[tt.arg:]...)
			expect(t, want, newSystem(t, nil), enginetest.NewMemory(memSize), tt.name, args...)
		}
	}
	for _, f := range Functions {
		takesFd := strings.HasPrefix(f.Name, "fd_") || strings.HasPrefix(f.Name, "path_") || strings.HasPrefix(f.Name, "sock_")
		if takesFd && !seen[f.Name] {
			t.Errorf("%s is not in the table", f.Name)
		}
	}
}

// TestBaseDescriptorSaysSo: a file that implements nothing answers, and never with
// success.
func TestBaseDescriptorSaysSo(t *testing.T) {
	for _, f := range Functions {
		if !strings.HasPrefix(f.Name, "fd_") && !strings.HasPrefix(f.Name, "path_") {
			continue
		}
		switch f.Name {
		case "fd_close", "fd_renumber", "fd_fdstat_get":
			continue
		}
		s := newSystem(t, nil)
		s.files[0] = base{}
		want := ErrnoNotsup
		switch {
		case strings.HasPrefix(f.Name, "path_"), f.Name == "fd_readdir":
			want = ErrnoNotdir
		case strings.HasPrefix(f.Name, "fd_prestat"):
			want = ErrnoBadf
		}
		expect(t, want, s, enginetest.NewMemory(memSize), f.Name, make([]uint64, len(f.Params))...)
	}
}

func TestHotCallsDoNotAllocate(t *testing.T) {
	s := newSystem(t, nil)
	captured := newSystem(t, func(o *Options) { o.CaptureOutput = true })
	m := enginetest.NewMemory(memSize)
	iovecs(m, 0, 64, 12)
	copy(m.Bytes()[64:], "hello world\n")
	tests := map[string]func(){
		"clock_time_get": func() { s.ClockTimeGet(m, 1, 0, 256) },
		"random_get":     func() { s.RandomGet(m, 256, 10000) },
		"fd_write":       func() { s.FdWrite(m, 1, 0, 1, 256) },
		"fd_write, captured": func() {
			captured.FdWrite(m, 1, 0, 1, 256)
			for _, _, ok := captured.TakeOutput(); ok; _, _, ok = captured.TakeOutput() {
			}
		},
		"fd_read":     func() { s.FdRead(m, 0, 0, 1, 256) },
		"poll_oneoff": func() { s.PollOneoff(m, 1024, 2048, 2, 256) },
	}
	for name, f := range tests {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
