//go:build !js

package kernel_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
)

// The differential test plays the same operations on our kernel and on Extism's,
// and compares whatever a guest can see. Blocks lie at different offsets in the
// two, so operations name them by handle, and offsets are compared relative to the
// block that they were computed from.
//
// Left out is what Extism's kernel gets wrong or leaves to chance:
//
//   - it truncates wild lengths in alloc, and lets lengths overflow in input_set
//     and output_set;
//   - length_unsafe of an offset that is no block's looks at whatever lies there;
//   - loads at the very end of memory trap;
//   - input_load_u64 wraps around for positions near 2^64;
//   - bytes of a block that nobody has written since it was freed.

// op is one operation; what a and b mean depends on the kind. Any values are
// valid, so that cutting operations out of a list leaves a valid list.
type op struct {
	kind, handle byte
	a, b         uint16
}

const opSize = 6

func (o op) String() string {
	return fmt.Sprintf("%s{handle %d, %d, %d}", opNames[int(o.kind)%len(opNames)], o.handle, o.a, o.b)
}

var opNames = []string{
	"alloc", "alloc", "alloc", "free", "free", "length", "store_u8", "store_u64", "load_u8", "load_u64",
	"input_set", "output_set", "error_set", "input_load_u8", "input_load_u64", "free wild", "length wild",
	"load wild", "store wild", "set wild", "alloc large", "reset",
}

func decode(data []byte) []op {
	var ops []op
	for ; len(data) >= opSize; data = data[opSize:] {
		ops = append(ops, op{data[0], data[1], binary.LittleEndian.Uint16(data[2:]), binary.LittleEndian.Uint16(data[4:])})
	}
	return ops
}

// pair is a block in both kernels.
type pair struct {
	ours, theirs uint64
	n            uint64
	live         bool
}

// duel plays operations on both kernels.
type duel struct {
	ours, theirs *machine
	blocks       []pair
	input        int // index of the block that is input, or -1
	// Set while the input lies in memory that is free: freeing a new block there may
	// empty it in one kernel and not in the other.
	inputLoose bool
	// Where input, output and error are in the two kernels.
	places map[string][2]uint64
}

// play returns what differed at which operation, or "".
func play(l *lab, tb testing.TB, ops []op) string {
	d := &duel{ours: l.ours(tb, nil), theirs: l.theirs(tb), input: -1, places: map[string][2]uint64{}}
	defer d.ours.close()
	defer d.theirs.close()
	for i, o := range ops {
		if diff := d.step(o); diff != "" {
			return fmt.Sprintf("operation %d, %v: %s", i, o, diff)
		}
		if diff := d.compare(); diff != "" {
			return fmt.Sprintf("after operation %d, %v: %s", i, o, diff)
		}
	}
	return ""
}

// both calls a function with an offset in each kernel and compares the results.
func (d *duel) both(name string, ours, theirs uint64, more ...uint64) string {
	a, errA := d.ours.try(name, append([]uint64{ours}, more...)...)
	b, errB := d.theirs.try(name, append([]uint64{theirs}, more...)...)
	if errA != nil || errB != nil {
		return fmt.Sprintf("%s: error %v, theirs %v", name, errA, errB)
	}
	if a != b {
		return fmt.Sprintf("%s(%#x) = %#x, theirs %#x", name, ours, a, b)
	}
	return ""
}

func (d *duel) step(o op) string {
	name := opNames[int(o.kind)%len(opNames)]
	switch name {
	case "alloc":
		return d.alloc(uint64(o.a % 300))
	case "alloc large":
		return d.alloc(uint64(o.a) / 3)
	case "reset":
		d.blocks, d.input, d.inputLoose = nil, -1, false
		clear(d.places)
		d.ours.call("reset")
		d.theirs.call("reset")
		return ""
	case "free wild", "length wild", "load wild", "store wild", "set wild":
		return d.wild(name, o)
	case "input_load_u8", "input_load_u64":
		// Only what belongs to a live block is the same in both.
		if d.input < 0 || !d.blocks[d.input].live {
			return ""
		}
		at := uint64(o.a % 400)
		return d.both(name, at, at)
	}
	if len(d.blocks) == 0 {
		return ""
	}
	return d.onBlock(name, o, int(o.handle)%len(d.blocks))
}

func (d *duel) onBlock(name string, o op, index int) string {
	p := &d.blocks[index]
	at := uint64(o.a) % p.n
	switch name {
	case "free":
		if d.input == index {
			d.inputLoose = true
			// Freeing the block at the very offset of the input empties it in both.
			if p.live && d.places["input_set"][0] == p.ours {
				diff := d.both(name, p.ours, p.theirs)
				p.live = false
				if n := d.ours.call("input_length"); n != 0 && diff == "" {
					diff = fmt.Sprintf("freed, the input has %d bytes", n)
				}
				return diff
			}
		}
		p.live = false
		return d.both(name, p.ours, p.theirs)
	case "length":
		if p.live {
			if diff := d.both("length_unsafe", p.ours, p.theirs); diff != "" {
				return diff
			}
		}
		return d.both(name, p.ours, p.theirs)
	case "store_u8", "load_u8":
		if p.live {
			return d.access(name, p, at, uint64(o.b))
		}
	case "store_u64", "load_u64":
		if p.live && at+8 <= p.n {
			return d.access(name, p, at, uint64(o.b)*0x0123456789abcdef)
		}
	case "input_set", "output_set":
		if name == "input_set" {
			d.input, d.inputLoose = index, !p.live
		}
		return d.place(name, p.ours+at, p.theirs+at, uint64(o.b)%(p.n-at+1))
	case "error_set":
		if o.a%4 == 0 {
			return d.place(name, 0, 0)
		}
		return d.place(name, p.ours+at, p.theirs+at)
	}
	return ""
}

// place sets input, output or error to what both kernels accept.
func (d *duel) place(set string, ours, theirs uint64, length ...uint64) string {
	d.places[set] = [2]uint64{ours, theirs}
	return d.both(set, ours, theirs, length...)
}

func (d *duel) access(name string, p *pair, at, value uint64) string {
	if strings.HasPrefix(name, "store") {
		return d.both(name, p.ours+at, p.theirs+at, value)
	}
	return d.both(name, p.ours+at, p.theirs+at)
}

func (d *duel) alloc(n uint64) string {
	p := pair{ours: d.ours.call("alloc", n), theirs: d.theirs.call("alloc", n), n: n, live: true}
	if (p.ours == 0) != (p.theirs == 0) {
		return fmt.Sprintf("alloc(%d) = %d, theirs %d", n, p.ours, p.theirs)
	}
	if p.ours == 0 {
		return ""
	}
	contents := bytes.Repeat([]byte{byte(len(d.blocks))}, int(n))
	d.ours.mem.Write(uint32(p.ours), contents)
	d.theirs.mem.Write(uint32(p.theirs), contents)
	// An older handle may have the same offset, in one kernel or the other; only one
	// that has it in both would say the same about it.
	kept := d.blocks[:0]
	for i, q := range d.blocks {
		if q.live || q.ours != p.ours && q.theirs != p.theirs {
			if d.input == i {
				d.input = len(kept)
			}
			kept = append(kept, q)
		} else if d.input == i {
			d.input = -1
		}
	}
	d.blocks = append(kept, p)
	return ""
}

// wildOffsets are out of both memories, or in the reserved bytes of both.
var wildOffsets = []uint64{
	0, 1, 12, 40, 56, 1 << 31, 1<<32 - 16, 1<<32 + 77, 1<<32 + kernel.HeapBase, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 8, 1<<64 - 1,
}

func (d *duel) wild(name string, o op) string {
	at := wildOffsets[int(o.a)%len(wildOffsets)]
	switch name {
	case "free wild":
		if len(d.blocks) > 0 && o.b%2 == 0 {
			p := d.blocks[int(o.handle)%len(d.blocks)]
			if inside := uint64(o.b) % p.n; p.live && inside > 0 {
				return d.both("free", p.ours+inside, p.theirs+inside)
			}
		}
		return d.both("free", at, at)
	case "length wild":
		if len(d.blocks) > 0 && o.b%2 == 0 {
			p := d.blocks[int(o.handle)%len(d.blocks)]
			if inside := uint64(o.b) % p.n; p.live && inside > 0 {
				return d.both("length", p.ours+inside, p.theirs+inside)
			}
		}
		return d.both("length", at, at)
	case "load wild":
		if diff := d.both("load_u8", at, at); diff != "" {
			return diff
		}
		return d.both("load_u64", at, at)
	case "store wild":
		if diff := d.both("store_u8", at, at, uint64(o.b)); diff != "" {
			return diff
		}
		return d.both("store_u64", at, at, uint64(o.b))
	}
	set := []string{"input_set", "output_set"}[o.b%2]
	if o.b%3 == 0 {
		if at == 0 {
			return d.place("error_set", 0, 0)
		}
		return d.both("error_set", at, at)
	}
	return d.both(set, at, at, uint64(o.b%8)*(1<<30))
}

// compare compares what is there without asking for an operation.
func (d *duel) compare() string {
	for _, name := range []string{"input_length", "output_length"} {
		a, b := d.ours.call(name), d.theirs.call(name)
		if a != b && !(d.inputLoose && name == "input_length") {
			return fmt.Sprintf("%s is %d, theirs %d", name, a, b)
		}
	}
	for set, get := range map[string]string{"input_set": "input_offset", "output_set": "output_offset", "error_set": "error_get"} {
		if a, b := d.ours.call(get), d.theirs.call(get); d.places[set] != [2]uint64{a, b} {
			return fmt.Sprintf("%s is %d, theirs %d, expected %v", get, a, b, d.places[set])
		}
	}
	return ""
}

// shrink cuts operations out of a list that fails for as long as it still fails.
func shrink(ops []op, fails func([]op) bool) []op {
	for size := len(ops) / 2; size > 0; {
		cut := false
		for at := 0; at+size <= len(ops); {
			shorter := append(append([]op{}, ops[:at]...), ops[at+size:]...)
			if fails(shorter) {
				ops, cut = shorter, true
			} else {
				at += size
			}
		}
		if !cut {
			size /= 2
		}
	}
	return ops
}

func report(t *testing.T, l *lab, ops []op, seed any) {
	t.Helper()
	small := shrink(ops, func(o []op) bool { return play(l, t, o) != "" })
	var b strings.Builder
	for _, o := range small {
		fmt.Fprintf(&b, "\n\t%v", o)
	}
	t.Fatalf("seed %v: %s%s", seed, play(l, t, small), b.String())
}

func TestAgreesWithExtism(t *testing.T) {
	l := newLab(t)
	runs := 400
	if testing.Short() {
		runs = 50
	}
	for seed := range uint64(runs) {
		r := rand.New(rand.NewPCG(seed, 7))
		ops := make([]op, 1+r.IntN(400))
		for i := range ops {
			ops[i] = op{byte(r.Uint32()), byte(r.Uint32()), uint16(r.Uint32()), uint16(r.Uint32())}
			// Resets would keep everything short.
			if opNames[int(ops[i].kind)%len(opNames)] == "reset" && r.IntN(10) > 0 {
				ops[i].kind = 0
			}
		}
		if play(l, t, ops) != "" {
			report(t, l, ops, seed)
		}
	}
}

func TestShrink(t *testing.T) {
	ops := make([]op, 100)
	for i := range ops {
		ops[i].a = uint16(i)
	}
	got := shrink(ops, func(o []op) bool {
		has := map[uint16]bool{}
		for _, x := range o {
			has[x.a] = true
		}
		return has[17] && has[63]
	})
	if len(got) != 2 || got[0].a != 17 || got[1].a != 63 {
		t.Errorf("got %v", got)
	}
}

func FuzzAgreesWithExtism(f *testing.F) {
	f.Add([]byte("\x00\x00\x10\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00"))
	f.Add(bytes.Repeat([]byte{0, 1, 200, 0, 3, 0, 3, 5, 0, 0, 0, 0, 10, 0, 4, 0, 9, 0}, 10))
	l := newLab(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		ops := decode(data)
		if len(ops) > 500 {
			ops = ops[:500]
		}
		if play(l, t, ops) != "" {
			report(t, l, ops, "fuzz")
		}
	})
}
