//go:build !js

package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
)

// model knows what must be in a kernel: blocks that do not overlap, each with its
// length and contents.
type model struct {
	*machine
	live  map[uint64]uint64 // length by offset
	order []uint64          // offsets, to choose from
}

func newModel(m *machine) *model { return &model{machine: m, live: map[uint64]uint64{}} }

// mark is what the model writes at both ends of a block.
func mark(off, n uint64) uint64 { return off*0x9e3779b97f4a7c15 ^ n }

func (m *model) alloc(n uint64) bool {
	off := m.call("alloc", n)
	if off == 0 {
		return false
	}
	if off < kernel.HeapBase || off%kernel.Alignment != 0 || off+n > m.mem.Size() {
		m.tb.Fatalf("block of %d bytes at %d", n, off)
	}
	if _, twice := m.live[off]; twice {
		m.tb.Fatalf("two blocks at %d", off)
	}
	m.live[off] = n
	m.order = append(m.order, off)
	if n >= 8 {
		m.call("store_u64", off, mark(off, n))
		m.call("store_u64", off+n-8, mark(off, n))
	} else {
		m.call("store_u8", off, mark(off, n)&0xff)
	}
	return true
}

// check sees that nothing has overwritten the block; overlaps would.
func (m *model) check(off uint64) {
	n := m.live[off]
	if got := m.call("length", off); got != n {
		m.tb.Fatalf("length(%d) = %d, want %d", off, got, n)
	}
	if n < 8 {
		if got := m.call("load_u8", off); got != mark(off, n)&0xff {
			m.tb.Fatalf("block of %d bytes at %d holds %#x", n, off, got)
		}
		return
	}
	a, b := m.call("load_u64", off), m.call("load_u64", off+n-8)
	if n >= 16 && a != mark(off, n) || b != mark(off, n) {
		m.tb.Fatalf("block of %d bytes at %d holds %#x and %#x", n, off, a, b)
	}
}

func (m *model) free(i int) {
	off := m.order[i]
	m.check(off)
	m.call("free", off)
	if m.call("length", off) != 0 {
		m.tb.Fatalf("%d is still live", off)
	}
	delete(m.live, off)
	last := len(m.order) - 1
	m.order[i] = m.order[last]
	m.order = m.order[:last]
}

func (m *model) freeAll(r *rand.Rand) {
	r.Shuffle(len(m.order), func(i, j int) { m.order[i], m.order[j] = m.order[j], m.order[i] })
	for len(m.order) > 0 {
		m.free(len(m.order) - 1)
	}
}

// checkOverlaps compares all blocks with their neighbours.
func (m *model) checkOverlaps() {
	offs := slices.Sorted(slices.Values(m.order))
	for i, off := range offs {
		m.check(off)
		if i > 0 && offs[i-1]+m.live[offs[i-1]] > off {
			m.tb.Fatalf("blocks at %d and %d overlap", offs[i-1], off)
		}
	}
}

// churn allocates and frees at random, at most `most` blocks at a time.
func (m *model) churn(r *rand.Rand, steps, most int) {
	for range steps {
		if len(m.order) > 0 && (len(m.order) >= most || r.IntN(5) < 2) {
			m.free(r.IntN(len(m.order)))
			continue
		}
		m.alloc(uint64(1 + r.IntN(1<<r.IntN(16))))
	}
}

// After everything is freed, in whatever order, everything can be had again, as a
// whole and in pieces, and the memory does not grow.
func TestEverythingFreedIsReusable(t *testing.T) {
	l := newLab(t)
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		m := newModel(l.ours(t, nil))
		m.churn(r, 3000, 500)
		m.checkOverlaps()
		var sizes []uint64
		var top uint64
		for off, n := range m.live {
			sizes = append(sizes, n)
			top = max(top, off+n)
		}
		slices.Sort(sizes)
		size := m.mem.Size()
		m.freeAll(r)
		if !m.alloc(top - kernel.HeapBase) {
			t.Fatalf("seed %d: not as a whole", seed)
		}
		m.freeAll(r)
		r.Shuffle(len(sizes), func(i, j int) { sizes[i], sizes[j] = sizes[j], sizes[i] })
		for _, n := range sizes {
			if !m.alloc(n) {
				t.Fatalf("seed %d: no room for %d bytes", seed, n)
			}
		}
		m.checkOverlaps()
		if got := m.mem.Size(); got != size {
			t.Errorf("seed %d: memory grew from %d to %d", seed, size, got)
		}
		m.close()
	}
}

// Churning for ever does not grow the memory for ever.
func TestChurnDoesNotGrow(t *testing.T) {
	m := newModel(newLab(t).ours(t, nil))
	r := rand.New(rand.NewPCG(3, 4))
	m.churn(r, 20000, 300)
	size := m.mem.Size()
	m.churn(r, 60000, 300)
	if got := m.mem.Size(); got > size*5/4 {
		t.Errorf("memory grew from %d to %d", size, got)
	}
	m.checkOverlaps()
}

// In a limited memory that is full, what is freed can be had again at once, and
// large blocks can become small ones and back.
func TestFullMemory(t *testing.T) {
	l := newLab(t)
	for seed := range uint64(20) {
		pages := uint32(1 + seed)
		r := rand.New(rand.NewPCG(seed, 2))
		m := newModel(l.ours(t, &pages))
		for m.alloc(uint64(1 + r.IntN(1<<(4+seed%12)))) {
		}
		for m.alloc(1) {
		}
		full := len(m.order)
		for range 300 {
			i := r.IntN(len(m.order))
			n := m.live[m.order[i]]
			m.free(i)
			if !m.alloc(n) {
				t.Fatalf("seed %d: %d bytes freed cannot be had again", seed, n)
			}
		}
		m.checkOverlaps()
		m.freeAll(r)
		// One that takes nearly all, and then as many small ones as fit.
		whole := uint64(pages)*65536*98/100 - 2048
		if !m.alloc(whole) {
			t.Fatalf("seed %d: no room for %d bytes after %d blocks", seed, whole, full)
		}
		m.freeAll(r)
		var bytes uint64
		for m.alloc(200) {
			bytes += 208
		}
		if bytes < whole*8/10 {
			t.Errorf("seed %d: only %d of %d bytes in small blocks", seed, bytes, whole)
		}
		// Keep the last block, so that the rest becomes one large hole below it.
		last := slices.Max(m.order)
		for i := len(m.order) - 1; i >= 0; i-- {
			if m.order[i] != last {
				m.free(i)
			}
		}
		if !m.alloc(last - kernel.HeapBase) {
			t.Errorf("seed %d: the hole cannot be had", seed)
		}
		if m.mem.Size() > uint64(pages)*65536 {
			t.Errorf("seed %d: %d bytes in %d pages", seed, m.mem.Size(), pages)
		}
		m.close()
	}
}

// A guest that writes wherever it can spoils contents and nothing else.
func TestScribbling(t *testing.T) {
	m := newLab(t).ours(t, nil)
	r := rand.New(rand.NewPCG(5, 6))
	live := map[uint64]uint64{}
	for range 20000 {
		m.call("store_u64", r.Uint64N(m.mem.Size()+100), r.Uint64())
		m.call("store_u8", r.Uint64N(m.mem.Size()+100), r.Uint64()&0xff)
		switch n := 1 + r.Uint64N(500); r.IntN(3) {
		case 0, 1:
			off := m.call("alloc", n)
			if _, twice := live[off]; off == 0 || twice {
				t.Fatalf("alloc(%d) = %d", n, off)
			}
			live[off] = n
		default:
			for off := range live {
				m.call("free", off)
				delete(live, off)
				break
			}
		}
		m.call("free", r.Uint64N(m.mem.Size())|1)
	}
	for off, n := range live {
		if got := m.call("length", off); got != n {
			t.Fatalf("length(%d) = %d, want %d", off, got, n)
		}
		m.call("free", off)
	}
	size := m.mem.Size()
	if off := m.call("alloc", size/2); off != kernel.HeapBase || m.mem.Size() != size {
		t.Errorf("then half of %d bytes are at %d of %d", size, off, m.mem.Size())
	}
}

// Calls one after the other: each may use as much as it likes, and the next one
// finds a kernel like new.
func TestManyCalls(t *testing.T) {
	m := newModel(newLab(t).ours(t, nil))
	r := rand.New(rand.NewPCG(8, 9))
	for call := range 200 {
		n := r.Uint64N(1 << r.IntN(20))
		in := m.call("host_begin", n)
		m.live, m.order = map[uint64]uint64{}, nil
		if n > 0 && (in != kernel.HeapBase || m.call("input_length") != n) {
			t.Fatalf("call %d: input at %d", call, in)
		}
		m.churn(r, r.IntN(400), 1<<r.IntN(9))
		m.checkOverlaps()
	}
}

// BenchmarkManyBlocks keeps 50,000 blocks, asks for lengths, and frees them in an
// odd order. Extism's kernel walks over all blocks for each length and free, so it
// gets a fiftieth of the questions and frees.
func BenchmarkManyBlocks(b *testing.B) {
	l := newLab(b)
	const blocks, share = 50_000, 50
	work := func(m *machine, asked int) (alloc, length, free float64) {
		offs := make([]uint64, blocks)
		m.call("reset")
		r := rand.New(rand.NewPCG(1, 1))
		alloc = clock(blocks, func(i int) { offs[i] = m.call("alloc", uint64(1+i%100)) })
		r.Shuffle(blocks, func(i, j int) { offs[i], offs[j] = offs[j], offs[i] })
		length = clock(asked, func(i int) { m.call("length", offs[r.IntN(blocks)]) })
		free = clock(asked, func(i int) { m.call("free", offs[i]) })
		return alloc, length, free
	}
	ours, theirs := l.ours(b, nil), l.theirs(b)
	var a, o [3]float64
	for b.Loop() {
		x, y, z := work(ours, blocks)
		a = [3]float64{a[0] + x, a[1] + y, a[2] + z}
		x, y, z = work(theirs, blocks/share)
		o = [3]float64{o[0] + x, o[1] + y, o[2] + z}
	}
	for i, name := range []string{"alloc", "length", "free"} {
		b.ReportMetric(a[i]/float64(b.N), name+"-ns")
		b.ReportMetric(o[i]/a[i], fmt.Sprintf("%s-theirs/ours", name))
	}
}
