//go:build !js

package kernel_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
)

// Offsets that are no block's and not even in memory, however they are computed.
var wild = []uint64{
	0, 1, 7, 63, 64, 1 << 31, 1<<32 - 8, 1<<32 - 1, 1 << 32, 1<<32 + kernel.HeapBase, 1 << 40,
	1<<63 - 1, 1 << 63, 1<<64 - 8, 1<<64 - 7, 1<<64 - 1,
}

func TestAlloc(t *testing.T) {
	l := newLab(t)
	for _, tt := range []struct {
		n    uint64
		fits bool
	}{
		{0, false}, {1, true}, {15, true}, {16, true}, {17, true}, {65536, true}, {10 << 20, true},
		{kernel.MaxBlock + 1, false}, {1<<32 - 1, false}, {1 << 32, false}, {1<<32 + 1, false},
		{1 << 48, false}, {1<<48 + 5, false}, {1 << 63, false}, {1<<64 - 16, false}, {1<<64 - 1, false},
	} {
		m := l.ours(t, nil)
		off := m.call("alloc", tt.n)
		if (off != 0) != tt.fits {
			t.Errorf("alloc(%d) = %d", tt.n, off)
		}
		want := uint64(0)
		if tt.fits {
			want = tt.n
		}
		for _, name := range []string{"length", "length_unsafe"} {
			if got := m.call(name, off); got != want {
				t.Errorf("%s of alloc(%d) is %d", name, tt.n, got)
			}
		}
		if off%kernel.Alignment != 0 {
			t.Errorf("alloc(%d) = %d is not aligned", tt.n, off)
		}
		m.close()
	}
}

func TestFreeAndLengthWantAnExactOffset(t *testing.T) {
	m := newLab(t).ours(t, nil)
	off := m.call("alloc", 100)
	other := m.call("alloc", 5)
	offsets := append([]uint64{off - 1, off + 1, off + 16, off + 99, off + 100, off - 16, off + 1<<32, off | 1<<63}, wild...)
	for _, w := range offsets {
		for _, f := range []string{"length", "length_unsafe"} {
			if n := m.call(f, w); n != 0 {
				t.Errorf("%s(%#x) = %d", f, w, n)
			}
		}
		m.call("free", w)
		if m.call("length", off) != 100 || m.call("length", other) != 5 {
			t.Fatalf("free(%#x) freed a block", w)
		}
	}
	m.call("free", off)
	m.call("free", off)
	if m.call("length", off) != 0 || m.call("length", other) != 5 {
		t.Error("freeing twice")
	}
}

func TestLoadAndStoreAtTheBounds(t *testing.T) {
	m := newLab(t).ours(t, nil)
	base := uint64(kernel.HeapBase)
	if m.call("load_u8", base) != 0 || m.call("load_u64", base) != 0 {
		t.Error("something to load without a block")
	}
	m.call("store_u64", base, 1<<64-1)
	if off := m.call("alloc", 32); off != base {
		t.Fatalf("the first block is at %d", off)
	}
	if got := m.call("load_u64", base); got != 0 {
		t.Errorf("a store without a block left %#x", got)
	}
	before := make([]byte, 65536)
	m.mem.Read(0, before)
	outside := append([]uint64{base - 1, base - 7, base - 8, base + 32, 65535, 65536}, wild...)
	for _, w := range append(outside, base+25, base+31) {
		m.call("store_u64", w, 1<<64-1)
		if got := m.call("load_u64", w); got != 0 {
			t.Errorf("load_u64(%#x) = %#x", w, got)
		}
	}
	for _, w := range outside {
		m.call("store_u8", w, 0xff)
		if got := m.call32("load_u8", w); got != 0 {
			t.Errorf("load_u8(%#x) = %#x", w, got)
		}
	}
	after := make([]byte, 65536)
	m.mem.Read(0, after)
	if !bytes.Equal(before, after) {
		t.Error("a store out of bounds changed memory")
	}
	m.call("store_u64", base+24, 0x8877665544332211)
	m.call("store_u8", base+31, 0x1ff) // only the low byte counts
	m.call("store_u64", base+1, 0x0102030405060708)
	if got := m.call("load_u64", base+24); got != 0xff77665544332211 {
		t.Errorf("got %#x", got)
	}
	if got := m.call32("load_u8", base+31); got != 0xff {
		t.Errorf("got %#x", got)
	}
	if got := m.call("load_u64", base+1); got != 0x0102030405060708 {
		t.Errorf("unaligned: got %#x", got)
	}
}

func TestInput(t *testing.T) {
	m := newLab(t).ours(t, nil)
	off := m.call32("host_begin", 11)
	m.mem.Write(off, []byte("0123456789a"))
	m.mem.Write(off+11, []byte("beyond"))
	loads := func(length uint64, text string) {
		t.Helper()
		if got := m.call("input_length"); got != length {
			t.Errorf("length %d, want %d", got, length)
		}
		for i := range length + 3 {
			want := uint64(0)
			if i < length {
				want = uint64(text[i])
			}
			if got := m.call("input_load_u8", i); got != want {
				t.Errorf("byte %d is %#x, want %#x", i, got, want)
			}
			want = 0
			if i+8 <= length {
				for b := range uint64(8) {
					want |= uint64(text[i+b]) << (8 * b)
				}
			}
			if got := m.call("input_load_u64", i); got != want {
				t.Errorf("word at %d is %#x, want %#x", i, got, want)
			}
		}
		for _, w := range wild[5:] {
			if m.call("input_load_u8", w) != 0 || m.call("input_load_u64", w) != 0 {
				t.Errorf("something at %#x", w)
			}
		}
	}
	loads(11, "0123456789a")
	m.call("input_set", uint64(off)+2, 8)
	loads(8, "23456789")
	m.call("input_set", uint64(off)+2, 7)
	loads(7, "2345678")
	m.call("input_set", uint64(off), 0)
	loads(0, "")
	m.call("input_set", uint64(off), 11)
	m.call("free", uint64(off)+1)
	loads(11, "0123456789a")
	m.call("free", uint64(off))
	loads(0, "")
	if got := m.call("input_offset"); got != uint64(off) {
		t.Errorf("offset %d", got)
	}
	if m.call32("host_begin", 0) != 0 || m.call("input_offset") != 0 || m.call("input_length") != 0 {
		t.Error("no input is something")
	}
	if m.call32("host_begin", 0xffffffff) != 0 || m.call("input_length") != 0 {
		t.Error("an input that does not fit is something")
	}
}

func TestRanges(t *testing.T) {
	m := newLab(t).ours(t, nil)
	off := m.call("alloc", 100)
	for _, f := range []string{"input", "output"} {
		get := func() [2]uint64 { return [2]uint64{m.call(f + "_offset"), m.call(f + "_length")} }
		if got := get(); got != [2]uint64{} {
			t.Errorf("%s is %v at first", f, got)
		}
		for _, r := range [][2]uint64{
			{off, 100}, {off + 10, 20}, {off + 100, 0}, {off, 0},
			{off, 65536 - off},      // up to the end of memory
			{off + 50, 65486 - off}, // likewise
			{kernel.HeapBase, 1},    // the very start
			{65535, 1}, {65536, 0},  // the very end
			{off + 1000, 2000},       // where no block is
			{off + 3, 1}, {off, 100}, // and back
		} {
			m.call(f+"_set", r[0], r[1])
			if got := get(); got != r {
				t.Errorf("%s is %v, want %v", f, got, r)
			}
		}
		for _, r := range [][2]uint64{
			{0, 0}, {0, 10}, {64, 1}, {kernel.HeapBase - 1, 1}, {kernel.HeapBase - 1, 0},
			{off, 65537 - off}, {65536, 1}, {65537, 0}, {off, 1 << 32}, {off, 1 << 63}, {off, 1<<64 - 1},
			{off, -off}, {1<<32 + off, 10}, {1 << 63, 0}, {1<<64 - 1, 1}, {1<<64 - 1, 2}, {1<<64 - 100, 200},
		} {
			m.call(f+"_set", r[0], r[1])
			if got := get(); got != [2]uint64{off, 100} {
				t.Errorf("%s_set(%#x, %#x) made it %v", f, r[0], r[1], got)
			}
		}
	}
	if m.call32("host_output") != uint32(off) || m.call32("host_output_length") != 100 {
		t.Error("the host sees another output")
	}
}

// An empty output was taken for none: a guest has no block for it.
func TestEmptyOutput(t *testing.T) {
	m := newLab(t).ours(t, nil)
	m.call32("host_begin", 0)
	if m.call32("host_output") != 0 {
		t.Error("there is an output, and none was set")
	}
	m.call("output_set", 0, 0)
	if off, n := m.call32("host_output"), m.call32("host_output_length"); off == 0 || n != 0 {
		t.Errorf("an empty output is %d bytes at %d", n, off)
	}
	if m.call("output_offset") != 0 || m.call("output_length") != 0 {
		t.Error("the guest sees it")
	}
	off := m.call("alloc", 5)
	m.call("output_set", off, 5)
	m.call("output_set", 0, 0) // as in Extism's kernel this changes nothing
	if m.call32("host_output") != uint32(off) || m.call32("host_output_length") != 5 {
		t.Error("an output is lost by setting an empty one")
	}
	if m.call32("host_begin", 0); m.call32("host_output") != 0 {
		t.Error("the next call has it still")
	}
}

func TestError(t *testing.T) {
	m := newLab(t).ours(t, nil)
	off := m.call("alloc", 3)
	for _, tt := range []struct{ set, get, length uint64 }{
		{off, off, 3}, {off + 1, off + 1, 0}, {0, 0, 0}, {off, off, 3},
		{1, off, 3}, {kernel.HeapBase - 1, off, 3}, {65536, off, 3}, {1<<32 + off, off, 3}, {1<<64 - 1, off, 3}, {1 << 32, off, 3},
		{65535, 65535, 0}, {0, 0, 0},
	} {
		m.call("error_set", tt.set)
		if got := m.call("error_get"); got != tt.get || m.call32("host_error") != uint32(tt.get) {
			t.Errorf("after error_set(%#x) it is %d", tt.set, got)
		}
		if got := m.call32("host_error_length"); got != uint32(tt.length) {
			t.Errorf("after error_set(%#x) its length is %d", tt.set, got)
		}
	}
}

func TestReset(t *testing.T) {
	m := newLab(t).ours(t, nil)
	var offs []uint64
	for i := range uint64(300) {
		offs = append(offs, m.call("alloc", i*7+1))
	}
	for i := 0; i < 300; i += 3 {
		m.call("free", offs[i])
	}
	m.call("input_set", offs[1], 1)
	m.call("output_set", offs[1], 1)
	m.call("error_set", offs[1])
	m.call("reset")
	for _, off := range offs {
		if m.call("length", off) != 0 || m.call("load_u8", off) != 0 {
			t.Fatalf("block %d survived", off)
		}
	}
	for _, f := range []string{"input_offset", "input_length", "output_offset", "output_length", "error_get"} {
		if got := m.call(f); got != 0 {
			t.Errorf("%s is %d", f, got)
		}
	}
	// The same allocations get the same offsets.
	for i := range uint64(300) {
		if off := m.call("alloc", i*7+1); off != offs[i] {
			t.Fatalf("block %d is at %d, before at %d", i, off, offs[i])
		}
	}
}

func TestMemoryBytes(t *testing.T) {
	l := newLab(t)
	ours, theirs := l.ours(t, nil), l.theirs(t)
	theirs.call("alloc", 1)
	if a, b := ours.call("memory_bytes"), theirs.call("memory_bytes"); a != b {
		t.Errorf("a fresh kernel says %d, Extism's %d", a, b)
	}
	ours.call("alloc", 1<<20)
	if got, want := ours.call("memory_bytes"), ours.mem.Size()-64; got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

// No call sees what an earlier one left, wherever it left it, except in the input,
// which the host writes.
func TestNothingLeaksFromCallToCall(t *testing.T) {
	m := newLab(t).ours(t, nil)
	r := rand.New(rand.NewPCG(1, 2))
	dirty := bytes.Repeat([]byte{0xee}, 1<<20)
	for call := range 60 {
		n := uint64(r.IntN(5000))
		if call%2 == 0 {
			n = 0
		}
		in := m.call32("host_begin", n)
		m.mem.Write(in, dirty[:n])
		var live []uint64
		for range r.IntN(200) {
			if len(live) > 0 && r.IntN(3) == 0 {
				i := r.IntN(len(live))
				m.call("free", live[i])
				live = append(live[:i], live[i+1:]...)
				continue
			}
			size := uint64(1 + r.IntN(1<<r.IntN(18)))
			off := m.call("alloc", size)
			block := make([]byte, size)
			m.mem.Read(uint32(off), block)
			for i, b := range block {
				// 0xcc is this call's own, in a block that it has freed.
				if b != 0 && b != 0xcc && (n == 0 || b != 0xee || off >= uint64(in)+n) {
					t.Fatalf("call %d: byte %d of the block at %d is %#x", call, i, off, b)
				}
			}
			m.mem.Write(uint32(off), bytes.Repeat([]byte{0xcc}, int(size)))
			live = append(live, off)
		}
		// The next call must not see these.
		m.call("reset")
		off := m.call("alloc", 1<<20)
		m.mem.Write(uint32(off), dirty)
	}
}

// The output outlives its block: some plug-ins free it before they return.
func TestFreedOutputKeepsItsBytes(t *testing.T) {
	m := newLab(t).ours(t, nil)
	var offs []uint64
	for range 200 {
		offs = append(offs, m.call("alloc", 64))
	}
	out := m.call("alloc", 5)
	m.mem.Write(uint32(out), []byte("hello"))
	m.call("output_set", out, 5)
	m.call("free", out)
	for _, off := range offs {
		m.call("free", off)
	}
	got := make([]byte, 5)
	m.mem.Read(m.call32("host_output"), got)
	if string(got) != "hello" || m.call("load_u8", out) != 'h' {
		t.Errorf("got %q", got)
	}
}
