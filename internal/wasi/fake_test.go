package wasi

import (
	"slices"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

// fakeFile is a file of ten bytes that can do a little of everything.
type fakeFile struct {
	base
	closed bool
}

func (f *fakeFile) close() int32 { f.closed = true; return 0 }

func (f *fakeFile) pread(s *System, v vectors, offset uint64) (uint32, int32) {
	return s.scatter(v, []byte("0123456789")[min(offset, 10):])
}

func (f *fakeFile) pwrite(s *System, v vectors, offset uint64) (uint32, int32) {
	return s.gather(v, make([]byte, 4))
}

func (f *fakeFile) seek(delta int64, whence uint32) (uint64, int32) {
	return uint64(delta) + uint64(whence)*100, 0
}

// fakeDir is a directory that notes what it is asked.
type fakeDir struct {
	base
	asked  []any
	opened *fakeFile
}

func newFakeDir() *fakeDir { return &fakeDir{opened: &fakeFile{}} }

func (d *fakeDir) preopen() (string, bool)       { return "/data", true }
func (d *fakeDir) directory() (directory, int32) { return d, 0 }

func (d *fakeDir) note(what ...any) int32 {
	d.asked = append(d.asked, what...)
	return 0
}

func (d *fakeDir) entry(cookie uint64) (dirent, bool, int32) {
	entries := []dirent{{1, 10, typeRegularFile, "a.b"}, {2, 11, typeDirectory, "sub"}}
	if cookie >= uint64(len(entries)) {
		return dirent{}, false, 0
	}
	return entries[cookie], true, 0
}

func (d *fakeDir) stat(path string, lookup uint32, st *filestat) int32 {
	*st = filestat{1, 2, typeRegularFile, 3, 4, 5, 6, 7}
	return d.note(path, lookup)
}

func (d *fakeDir) setPathTimes(path string, lookup uint32, atim, mtim uint64, flags uint32) int32 {
	return d.note(path, lookup, atim, mtim, flags)
}

func (d *fakeDir) link(old string, lookup uint32, to directory, new string) int32 {
	return d.note(old, lookup, to, new)
}

func (d *fakeDir) open(path string, how openFlags) (descriptor, int32) {
	return d.opened, d.note(path, how)
}

func (d *fakeDir) readlink(path string) (string, int32)              { return "../c", d.note(path) }
func (d *fakeDir) create(path string) int32                          { return d.note(path) }
func (d *fakeDir) remove(path string) int32                          { return d.note(path) }
func (d *fakeDir) rename(old string, to directory, new string) int32 { return d.note(old, to, new) }
func (d *fakeDir) symlink(target, path string) int32                 { return d.note(target, path) }
func (d *fakeDir) unlink(path string) int32                          { return d.note(path) }

// withDir is a System with a directory as descriptor 3 and "old" and "new" at 0
// and 16 of the memory.
func withDir(t *testing.T) (*System, *fakeDir, *enginetest.Memory) {
	s, d, m := newSystem(t, nil), newFakeDir(), enginetest.NewMemory(memSize)
	s.files = append(s.files, d)
	copy(m.Bytes(), "old")
	copy(m.Bytes()[16:], "new")
	return s, d, m
}

func TestPathArgumentsReachTheDirectory(t *testing.T) {
	tests := []struct {
		name string
		args []uint64
		want func(*fakeDir) []any
	}{
		{"path_create_directory", []uint64{3, 0, 3}, func(*fakeDir) []any { return []any{"old"} }},
		{"path_filestat_get", []uint64{3, 1, 0, 3, 64}, func(*fakeDir) []any { return []any{"old", uint32(1)} }},
		{"path_filestat_set_times", []uint64{3, 1, 0, 3, 5, 6, 5}, func(*fakeDir) []any {
			return []any{"old", uint32(1), uint64(5), uint64(6), uint32(5)}
		}},
		{"path_link", []uint64{3, 1, 0, 3, 3, 16, 3}, func(d *fakeDir) []any { return []any{"old", uint32(1), d, "new"} }},
		{"path_open", []uint64{3, 1, 0, 3, 9, 5, 6, 4, 64}, func(*fakeDir) []any {
			return []any{"old", openFlags{1, 9, 5, 6, 4}}
		}},
		{"path_readlink", []uint64{3, 0, 3, 64, 9, 80}, func(*fakeDir) []any { return []any{"old"} }},
		{"path_remove_directory", []uint64{3, 0, 3}, func(*fakeDir) []any { return []any{"old"} }},
		{"path_rename", []uint64{3, 0, 3, 3, 16, 3}, func(d *fakeDir) []any { return []any{"old", d, "new"} }},
		{"path_symlink", []uint64{0, 3, 3, 16, 3}, func(*fakeDir) []any { return []any{"old", "new"} }},
		{"path_unlink_file", []uint64{3, 0, 3}, func(*fakeDir) []any { return []any{"old"} }},
	}
	for _, tt := range tests {
		s, d, m := withDir(t)
		expect(t, 0, s, m, tt.name, tt.args...)
		if want := tt.want(d); !slices.Equal(d.asked, want) {
			t.Errorf("%s asked %v, want %v", tt.name, d.asked, want)
		}
	}
}

func TestPathsAreChecked(t *testing.T) {
	tests := []struct {
		name string
		text string
		size uint64
		want int32
	}{
		{"empty", "", 0, ErrnoNoent},
		{"NUL", "a\x00b", 3, ErrnoInval},
		{"not UTF-8", "a\xffb", 3, ErrnoIlseq},
		{"longest", "", 4096, ErrnoInval}, // of NUL bytes
		{"too long", "", 4097, ErrnoNametoolong},
		{"much too long", "", 1<<32 - 1, ErrnoNametoolong},
	}
	for _, tt := range tests {
		for _, f := range Functions {
			s, _, m := withDir(t)
			clear(m.Bytes())
			copy(m.Bytes(), tt.text)
			switch f.Name {
			case "path_create_directory", "path_remove_directory", "path_unlink_file":
				expect(t, tt.want, s, m, f.Name, 3, 0, tt.size)
			case "path_rename":
				m.Bytes()[8000] = 'x'
				expect(t, tt.want, s, m, f.Name, 3, 8000, 1, 3, 0, tt.size)
			case "path_symlink":
				m.Bytes()[8000] = 'x'
				expect(t, tt.want, s, m, f.Name, 0, tt.size, 3, 8000, 1)
			}
		}
	}
}

func TestPathOpenTakesTheLowestNumber(t *testing.T) {
	s, d, m := withDir(t)
	open := func(want int32) uint32 {
		t.Helper()
		expect(t, want, s, m, "path_open", 3, 0, 0, 3, 0, 0, 0, 0, 64)
		return u32(m, 64)
	}
	if fd := open(0); fd != 4 {
		t.Errorf("first descriptor is %d, want 4", fd)
	}
	expect(t, 0, s, m, "fd_close", 0)
	if fd := open(0); fd != 0 {
		t.Errorf("descriptor after closing 0 is %d, want 0", fd)
	}
	for len(s.files) < maxFiles {
		open(0)
	}
	d.opened.closed = false
	open(ErrnoMfile)
	if !d.opened.closed {
		t.Error("file without a number was not closed")
	}
}

func TestPreopenedDirectory(t *testing.T) {
	s, _, m := withDir(t)
	expect(t, 0, s, m, "fd_prestat_get", 3, 64)
	if m.Bytes()[64] != 0 || u32(m, 68) != 5 {
		t.Errorf("prestat is % x", m.Bytes()[64:72])
	}
	expect(t, ErrnoNametoolong, s, m, "fd_prestat_dir_name", 3, 64, 4)
	expect(t, 0, s, m, "fd_prestat_dir_name", 3, 64, 100)
	if got := string(m.Bytes()[64:70]); got != "/data\x00" {
		t.Errorf("name is %q", got)
	}
	expect(t, ErrnoBadf, s, m, "fd_prestat_get", 4, 64)
}

func TestReaddir(t *testing.T) {
	const first = "\x01\x00\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x04\x00\x00\x00a.b"
	const second = "\x02\x00\x00\x00\x00\x00\x00\x00\x0b\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x03\x00\x00\x00sub"
	tests := []struct {
		size, cookie uint64
		want         string
	}{
		{0, 0, ""}, {1, 0, first[:1]}, {24, 0, first[:24]}, {27, 0, first}, {28, 0, first + second[:1]},
		{54, 0, first + second}, {1000, 0, first + second}, {1000, 1, second}, {1000, 2, ""}, {1000, 1<<64 - 1, ""},
	}
	for _, tt := range tests {
		s, _, m := withDir(t)
		expect(t, 0, s, m, "fd_readdir", 3, 128, tt.size, tt.cookie, 64)
		n := u32(m, 64)
		if got := string(m.Bytes()[128 : 128+n]); got != tt.want {
			t.Errorf("%d bytes from %d: %q, want %q", tt.size, tt.cookie, got, tt.want)
		}
		if m.Bytes()[128+n] != 0 {
			t.Errorf("%d bytes from %d: wrote past the end", tt.size, tt.cookie)
		}
	}
}

func TestReadlinkIsCut(t *testing.T) {
	for _, tt := range []struct {
		size uint64
		want string
	}{{0, ""}, {3, "../"}, {4, "../c"}, {5, "../c"}} {
		s, _, m := withDir(t)
		expect(t, 0, s, m, "path_readlink", 3, 0, 3, 128, tt.size, 64)
		if got := string(m.Bytes()[128 : 128+u32(m, 64)]); got != tt.want {
			t.Errorf("size %d: %q, want %q", tt.size, got, tt.want)
		}
	}
}

func TestPositionedReadAndSeek(t *testing.T) {
	s, m := newSystem(t, nil), enginetest.NewMemory(memSize)
	s.files = append(s.files, &fakeFile{})
	iovecs(m, 0, 128, 2, 140, 3)
	expect(t, 0, s, m, "fd_pread", 3, 0, 2, 4, 64)
	if got := string(m.Bytes()[128:130]) + string(m.Bytes()[140:144]); got != "45678\x00" || u32(m, 64) != 5 {
		t.Errorf("read %q, %d bytes", got, u32(m, 64))
	}
	expect(t, 0, s, m, "fd_pwrite", 3, 0, 2, 4, 64)
	if u32(m, 64) != 4 {
		t.Errorf("wrote %d bytes, want 4", u32(m, 64))
	}
	expect(t, 0, s, m, "fd_seek", 3, 7, 2, 64)
	if u64(m, 64) != 207 {
		t.Errorf("position %d, want 207", u64(m, 64))
	}
	expect(t, 0, s, m, "fd_tell", 3, 64)
	if u64(m, 64) != 100 {
		t.Errorf("position %d, want 100", u64(m, 64))
	}
}
