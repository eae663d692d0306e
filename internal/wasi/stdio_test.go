package wasi

import (
	"slices"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

func TestFdReadStdin(t *testing.T) {
	tests := []struct {
		name  string
		input string
		iovs  []uint32
		want  []string // what each call reads
	}{
		{"no input", "", []uint32{64, 10}, []string{"", ""}},
		{"no buffer", "abc", nil, []string{"", ""}},
		{"empty buffers", "abc", []uint32{0, 0, memSize, 0}, []string{"", ""}},
		{"one buffer", "abcde", []uint32{64, 3}, []string{"abc", "de", ""}},
		{"two buffers", "abcde", []uint32{64, 1, 65, 2}, []string{"abc", "de", ""}},
		{"an empty one between", "abcde", []uint32{64, 1, 0, 0, 65, 9}, []string{"abcde", ""}},
	}
	for _, tt := range tests {
		s := newSystem(t, func(o *Options) { o.Stdin = []byte(tt.input) })
		for i, want := range tt.want {
			m := enginetest.NewMemory(memSize)
			iovecs(m, 0, tt.iovs...)
			expect(t, 0, s, m, "fd_read", 0, 0, uint64(len(tt.iovs)/2), 56)
			n := u32(m, 56)
			if got := string(m.Bytes()[64 : 64+n]); got != want {
				t.Errorf("%s, call %d: %q, want %q", tt.name, i, got, want)
			}
		}
	}
}

func TestVectorErrors(t *testing.T) {
	many := make([]uint32, 2*(maxVectors+1))
	tests := []struct {
		name  string
		iovs  []uint32
		count uint64
		want  int32
	}{
		{"last byte", []uint32{memSize - 1, 1}, 1, 0},
		{"end, empty", []uint32{memSize, 0}, 1, 0},
		{"one past", []uint32{memSize - 1, 2}, 1, ErrnoFault},
		{"outside, empty", []uint32{memSize + 1, 0}, 1, ErrnoFault},
		{"far outside", []uint32{1<<32 - 1, 1<<32 - 1}, 1, ErrnoFault},
		{"second outside", []uint32{64, 1, memSize, 1}, 2, ErrnoFault},
		{"most vectors", many, maxVectors, 0},
		{"too many vectors", many, maxVectors + 1, ErrnoInval},
		{"array too long to exist", nil, 1<<32 - 1, ErrnoInval},
	}
	for _, tt := range tests {
		for _, name := range []string{"fd_read", "fd_write"} {
			s := newSystem(t, func(o *Options) { o.Stdin, o.CaptureOutput = []byte("abc"), true })
			m := enginetest.NewMemory(memSize)
			iovecs(m, 256, tt.iovs...)
			fd := uint64(0)
			if name == "fd_write" {
				fd = 1
			}
			expect(t, tt.want, s, m, name, fd, 256, tt.count, 32)
			if tt.want == 0 {
				continue
			}
			if u32(m, 32) != 0 || s.FlushOutput() || len(s.files[0].(*stdin).rest) != 3 {
				t.Errorf("%s, %s: failed with an effect", tt.name, name)
			}
		}
	}
}

func TestHugeVectors(t *testing.T) {
	const all = 1<<32 - 1
	tests := []struct {
		name string
		iovs []uint32
		want int32
		n    uint32
	}{
		{"4 GiB - 1", []uint32{0, all}, 0, all},
		{"4 GiB - 1 from 1 on", []uint32{1, all}, 0, all},
		{"4 GiB - 1 from 2 on", []uint32{2, all}, ErrnoFault, 0},
		{"in halves", []uint32{0, 1 << 31, 0, 1<<31 - 1}, 0, all},
		{"4 GiB in two", []uint32{0, 1 << 31, 0, 1 << 31}, ErrnoInval, 0},
		{"8 GiB in two", []uint32{0, all, 0, all}, ErrnoInval, 0},
	}
	for _, tt := range tests {
		m := newHugeMemory(t)
		iovecs(&m.start, 256, tt.iovs...)
		args := []uint64{1, 256, uint64(len(tt.iovs) / 2), 32}

		s := newSystem(t, nil)
		expect(t, tt.want, s, m, "fd_write", args...)
		if got := u32(&m.start, 32); got != tt.n {
			t.Errorf("%s: wrote %d", tt.name, got)
		}
		if m.moved > 100 {
			t.Errorf("%s: output that is dropped was read: %d bytes", tt.name, m.moved)
		}

		s = newSystem(t, func(o *Options) { o.CaptureOutput = true })
		want := tt.want
		if want == 0 {
			want = OutputPending
		}
		expect(t, want, s, m, "fd_write", args...)
		if got := u32(&m.start, 32); tt.want == 0 && got != maxLine {
			t.Errorf("%s: captured %d at once, want %d", tt.name, got, maxLine)
		}
	}
}

// write has the guest write a text to a descriptor, as a C library does: again
// and again until all is written, with the adapter draining in between.
func write(t *testing.T, s *System, fd uint64, text string) (calls int, out []string) {
	t.Helper()
	m := enginetest.NewMemory(256 + len(text))
	copy(m.Bytes()[256:], text)
	for done := 0; done < len(text); calls++ {
		iovecs(m, 0, uint32(256+done), uint32(len(text)-done))
		r := call(t, s, m, "fd_write", fd, 0, 1, 32)
		if r&OutputPending != 0 {
			out = append(out, lines(s)...)
		}
		if r&^OutputPending != 0 {
			t.Fatalf("fd_write = %d", r)
		}
		done += int(u32(m, 32))
	}
	return calls, out
}

func TestCapture(t *testing.T) {
	type step struct {
		fd   uint64
		text string
		want []string
	}
	long := strings.Repeat("x", maxLine)
	tests := []struct {
		name  string
		steps []step
		tail  []string
	}{
		{"a line", []step{{1, "hello\n", []string{"1:hello\n"}}}, nil},
		{"lines", []step{{1, "a\n\nb\n", []string{"1:a\n", "1:\n", "1:b\n"}}}, nil},
		{"both streams", []step{{1, "a\n", []string{"1:a\n"}}, {2, "b\n", []string{"2:b\n"}}}, nil},
		{"a line in pieces", []step{{1, "a", nil}, {1, "b", nil}, {1, "c\n", []string{"1:abc\n"}}}, nil},
		{"streams do not mix", []step{{1, "a", nil}, {2, "b", nil}, {1, "c\n", []string{"1:ac\n"}}}, []string{"2:b"}},
		{"unfinished", []step{{1, "a\nb", []string{"1:a\n"}}, {1, "c", nil}}, []string{"1:bc"}},
		{"both unfinished", []step{{2, "a", nil}, {1, "b", nil}}, []string{"1:b", "2:a"}},
		{"longest line", []step{{1, long[1:] + "\n", []string{"1:" + long[1:] + "\n"}}}, nil},
		{"too long a line", []step{{1, long + "yz\n", []string{"1:" + long, "1:yz\n"}}}, nil},
		{"endless line", []step{{1, long + long + "y", []string{"1:" + long, "1:" + long}}}, []string{"1:y"}},
		{"lines and a long one", []step{{1, "a\n" + long + "\n", []string{"1:a\n", "1:" + long, "1:\n"}}}, nil},
		{"not text", []step{{1, "\x00\xff\n", []string{"1:\x00\xff\n"}}}, nil},
	}
	for _, tt := range tests {
		s := newSystem(t, func(o *Options) { o.CaptureOutput = true })
		for i, st := range tt.steps {
			if _, got := write(t, s, st.fd, st.text); !slices.Equal(got, st.want) {
				t.Errorf("%s, step %d: %.80q, want %.80q", tt.name, i, got, st.want)
			}
		}
		if got := s.FlushOutput(); got != (tt.tail != nil) {
			t.Errorf("%s: FlushOutput is %v", tt.name, got)
		}
		if got := lines(s); !slices.Equal(got, tt.tail) {
			t.Errorf("%s: tail %.80q, want %.80q", tt.name, got, tt.tail)
		}
		if s.FlushOutput() {
			t.Errorf("%s: something is left", tt.name)
		}
	}
}

func TestCaptureThatNobodyTakesIsBounded(t *testing.T) {
	s := newSystem(t, func(o *Options) { o.CaptureOutput = true })
	m := enginetest.NewMemory(4 * maxLine)
	for i := range m.Bytes() {
		m.Bytes()[i] = '\n'
	}
	iovecs(m, 0, 64, 3*maxLine)
	expect(t, OutputPending, s, m, "fd_write", 1, 0, 1, 32)
	expect(t, ErrnoAgain|OutputPending, s, m, "fd_write", 1, 0, 1, 32)
	if n := cap(s.streams[0].buf); n > maxLine {
		t.Errorf("buffer has %d bytes", n)
	}
	if n := len(lines(s)); n != maxLine {
		t.Errorf("%d lines, want %d", n, maxLine)
	}
	iovecs(m, 0, 64, 1)
	expect(t, OutputPending, s, m, "fd_write", 1, 0, 1, 32)
}

func TestCaptureIsOffByDefault(t *testing.T) {
	s := newSystem(t, nil)
	calls, out := write(t, s, 1, strings.Repeat("x\n", 100_000))
	if calls != 1 || out != nil || s.FlushOutput() {
		t.Errorf("%d calls, output %q", calls, out)
	}
}

func TestFdstatOfStandardStreams(t *testing.T) {
	for fd, rights := range map[uint64]uint64{0: 0x8200008 | 2, 1: 0x8200008 | 64, 2: 0x8200008 | 64} {
		s, m := newSystem(t, nil), enginetest.NewMemory(memSize)
		for i := range m.Bytes() {
			m.Bytes()[i] = 0xee
		}
		expect(t, 0, s, m, "fd_fdstat_set_flags", fd, 4)
		expect(t, 0, s, m, "fd_fdstat_get", fd, 8)
		if m.Bytes()[8] != 2 || u16(m, 10) != 4 || u64(m, 16) != rights || u64(m, 24) != 0 {
			t.Errorf("descriptor %d: % x", fd, m.Bytes()[8:32])
		}
		if m.Bytes()[7] != 0xee || m.Bytes()[32] != 0xee || m.Bytes()[9] != 0 {
			t.Errorf("descriptor %d: wrong size", fd)
		}
	}
}

func TestFilestatOfStandardStreams(t *testing.T) {
	s, m := newSystem(t, nil), enginetest.NewMemory(memSize)
	for i := range m.Bytes() {
		m.Bytes()[i] = 0xee
	}
	expect(t, 0, s, m, "fd_filestat_get", 1, 8)
	want := make([]byte, 64)
	want[16], want[24] = 2, 1
	if got := m.Bytes()[8:72]; !slices.Equal(got, want) || m.Bytes()[72] != 0xee {
		t.Errorf("% x", got)
	}
}

func TestRightsThatWereGivenUp(t *testing.T) {
	s, m := newSystem(t, nil), enginetest.NewMemory(memSize)
	expect(t, 0, s, m, "fd_fdstat_set_rights", 0, 8, 0)
	expect(t, 0, s, m, "fd_fdstat_set_rights", 1, 8, 0)
	expect(t, ErrnoNotcapable, s, m, "fd_read", 0, 0, 0, 32)
	expect(t, ErrnoNotcapable, s, m, "fd_write", 1, 0, 0, 32)
	expect(t, ErrnoNotcapable, s, m, "fd_fdstat_set_rights", 1, 64, 0)
	expect(t, 0, s, m, "fd_write", 2, 0, 0, 32)
}

func TestCloseAndRenumber(t *testing.T) {
	s := newSystem(t, func(o *Options) { o.CaptureOutput = true })
	m := enginetest.NewMemory(memSize)
	expect(t, 0, s, m, "fd_renumber", 1, 1)
	expect(t, 0, s, m, "fd_renumber", 2, 1)
	expect(t, ErrnoBadf, s, m, "fd_write", 2, 0, 0, 32)
	if _, out := write(t, s, 1, "to standard error\n"); !slices.Equal(out, []string{"2:to standard error\n"}) {
		t.Errorf("output %q", out)
	}
	for _, to := range []uint64{2, 3, 1 << 31, 1<<32 - 1} {
		expect(t, ErrnoBadf, s, m, "fd_renumber", 1, to)
	}
	expect(t, 0, s, m, "fd_close", 1)
	expect(t, ErrnoBadf, s, m, "fd_close", 1)
	expect(t, ErrnoBadf, s, m, "fd_write", 1, 0, 0, 32)
}

// TestReadOverItsOwnVectors: a guest may aim a read at the array of vectors.
func TestReadOverItsOwnVectors(t *testing.T) {
	s := newSystem(t, func(o *Options) { o.Stdin = []byte(strings.Repeat("\xff", 4096)) })
	m := enginetest.NewMemory(memSize)
	v := make([]uint32, 2*100)
	for i := range 100 {
		v[2*i], v[2*i+1] = 64, 1000
	}
	iovecs(m, 64, v...)
	expect(t, 0, s, m, "fd_read", 0, 64, 100, 32)

	s = newSystem(t, func(o *Options) { o.Stdin = []byte(strings.Repeat("\xff", 1<<16)) })
	m = enginetest.NewMemory(memSize)
	iovecs(m, 64, v...)
	expect(t, ErrnoFault, s, m, "fd_read", 0, 64, 100, 32)
}
