//go:build !js

package kernel_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/shrink"
	"github.com/extism-js/extism-js/internal/wattest"
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
//
// But for the last, ours alone is asked there, and must answer as if nothing had
// been asked ("alone wild").

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
	"memory_bytes", "edge", "alone wild",
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
	// Whether a block has been freed since the last reset. Before, new ones hold
	// zeros.
	freed bool
}

// trap is what a [machine] panics with in a duel, where a trap is a difference
// like any other.
type trap string

// fighter turns the end of a test into a trap.
type fighter struct{ testing.TB }

func (fighter) Fatalf(format string, args ...any) { panic(trap(fmt.Sprintf(format, args...))) }

// play returns what differed at which operation, or "".
func play(l *lab, tb testing.TB, ops []op) (difference string) {
	d := &duel{ours: l.ours(tb, nil), theirs: l.theirs(tb), input: -1, places: map[string][2]uint64{}}
	d.ours.tb, d.theirs.tb = fighter{tb}, fighter{tb}
	defer d.ours.close()
	defer d.theirs.close()
	at := 0
	defer func() {
		if r := recover(); r != nil {
			text, ok := r.(trap)
			if !ok {
				panic(r)
			}
			difference = fmt.Sprintf("operation %d, %v: %s", at, ops[at], text)
		}
	}()
	for i, o := range ops {
		at = i
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
		d.blocks, d.input, d.inputLoose, d.freed = nil, -1, false, false
		clear(d.places)
		d.ours.call("reset")
		d.theirs.call("reset")
		return ""
	case "free wild", "length wild", "load wild", "store wild", "set wild":
		return d.wild(name, o)
	case "memory_bytes":
		return d.memoryBytes()
	case "edge":
		return d.edge(o)
	case "alone wild":
		return d.alone(o)
	case "input_load_u8", "input_load_u64":
		// Only what belongs to a live block is the same in both.
		if d.input < 0 || !d.blocks[d.input].live {
			return ""
		}
		at := uint64(o.a % 400)
		if n := d.ours.call("input_length"); o.b%4 == 0 { // around its end
			at = n - 9 + uint64(o.a%12)
		}
		if at > 1<<32 {
			return ""
		}
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
	if o.b%4 == 0 { // where the last bytes can be
		at = p.n - min(p.n, []uint64{1, 8}[o.a%2])
	}
	switch name {
	case "free":
		d.freed = true
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
	if !d.freed {
		for _, m := range []struct {
			*machine
			at uint64
		}{{d.ours, p.ours}, {d.theirs, p.theirs}} {
			fresh := make([]byte, n)
			if m.mem.Read(uint32(m.at), fresh); len(bytes.Trim(fresh, "\x00")) > 0 {
				return fmt.Sprintf("a fresh block of %d bytes holds %q", n, fresh)
			}
		}
	}
	contents := bytes.Repeat([]byte{byte(1 + len(d.blocks))}, int(n))
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

// memoryBytes looks whether each says a number of whole pages, less 64 bytes, that
// it has. How many depends on how it grows.
func (d *duel) memoryBytes() string {
	for _, m := range []*machine{d.ours, d.theirs} {
		if n := m.call("memory_bytes"); (n+64)%65536 != 0 || n == 0 || n > m.mem.Size() {
			return fmt.Sprintf("memory_bytes is %d, of %d (ours: %t)", n, m.mem.Size(), m == d.ours)
		}
	}
	return ""
}

// edge asks for what lies a little beyond the end of each memory.
func (d *duel) edge(o op) string {
	ours, theirs := d.ours.mem.Size()+1+uint64(o.a%17), d.theirs.mem.Size()+1+uint64(o.a%17)
	for _, name := range []string{"load_u8", "load_u64", "length", "free"} {
		if diff := d.both(name, ours, theirs); diff != "" {
			return fmt.Sprintf("%d bytes beyond the end: %s", 1+o.a%17, diff)
		}
	}
	for _, name := range []string{"store_u8", "store_u64"} {
		if diff := d.both(name, ours, theirs, uint64(o.b)); diff != "" {
			return fmt.Sprintf("%d bytes beyond the end: %s", 1+o.a%17, diff)
		}
	}
	for _, name := range []string{"input_set", "output_set"} {
		if diff := d.both(name, ours, theirs, uint64(o.b%9)); diff != "" {
			return fmt.Sprintf("%d bytes beyond the end: %s", 1+o.a%17, diff)
		}
	}
	return d.both("error_set", ours, theirs)
}

// alone asks our kernel alone for what cannot be had.
func (d *duel) alone(o op) string {
	n := []uint64{1 << 32, 1<<32 + 1, 1 << 40, 1 << 63, 1<<64 - 1, 1<<64 - 4096, 0xffffffff, kernel.MaxBlock + 1}[o.a%8]
	var r uint64
	what := fmt.Sprintf("question %d", o.b%6)
	switch o.b % 6 {
	case 0:
		r = d.ours.call("alloc", n)
	case 1:
		r = d.ours.call("length_unsafe", wildOffsets[int(o.handle)%len(wildOffsets)])
	case 2:
		r = d.ours.call("input_load_u64", 1<<64-1-uint64(o.a%20))
	case 3:
		end := d.ours.mem.Size()
		for _, off := range append(wildOffsets[:len(wildOffsets):len(wildOffsets)], end-7, end-1, end) {
			r |= d.ours.call("load_u64", off) | d.ours.call("load_u8", off)
		}
	default: // compare sees whether these have had an effect
		set := []string{"input_set", "output_set"}[o.b%2]
		if len(d.blocks) > 0 {
			d.ours.call(set, d.blocks[int(o.handle)%len(d.blocks)].ours, n)
		}
	}
	if r != 0 {
		return fmt.Sprintf("%s: alone, ours gives %#x", what, r)
	}
	return ""
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

func report(t *testing.T, l *lab, ops []op, seed any) {
	t.Helper()
	small := smallest(l, t, ops)
	var b strings.Builder
	for _, o := range small {
		fmt.Fprintf(&b, "\n\t%v", o)
	}
	t.Fatalf("seed %v: %s%s", seed, play(l, t, small), b.String())
}

func smallest(l *lab, tb testing.TB, ops []op) []op {
	fails := func(o []op) bool { return play(l, tb, o) != "" }
	for {
		small := shrink.Elements(shrink.Pairs(shrink.List(ops, fails), fails), simpler, fails)
		if len(small) == len(ops) {
			return small
		}
		ops = small
	}
}

// simpler gives operations that are easier to read than o.
func simpler(o op) []op {
	var list []op
	for _, try := range []op{
		{o.kind, 0, 0, 0}, {o.kind, 0, o.a, o.b}, {o.kind, o.handle, 0, o.b}, {o.kind, o.handle, o.a, 0},
		{o.kind, o.handle % 8, o.a, o.b}, {o.kind, o.handle % 32, o.a, o.b}, {o.kind, o.handle / 2, o.a, o.b}, {o.kind, o.handle, o.a / 2, o.b}, {o.kind, o.handle, o.a, o.b / 2},
	} {
		if try != o {
			list = append(list, try)
		}
	}
	return list
}

// randomOps makes up to 400 operations.
func randomOps(seed uint64) []op {
	r := rand.New(rand.NewPCG(seed, 7))
	ops := make([]op, 1+r.IntN(400))
	for i := range ops {
		ops[i] = op{byte(r.Uint32()), byte(r.Uint32()), uint16(r.Uint32()), uint16(r.Uint32())}
		// Resets would keep everything short.
		if opNames[int(ops[i].kind)%len(opNames)] == "reset" && r.IntN(10) > 0 {
			ops[i].kind = 0
		}
	}
	return ops
}

func TestAgreesWithExtism(t *testing.T) {
	l := newLab(t)
	runs := 400
	if testing.Short() {
		runs = 50
	}
	for seed := range uint64(runs) {
		ops := randomOps(seed)
		if play(l, t, ops) != "" {
			report(t, l, ops, seed)
		}
	}
}

// Each of the functions that both kernels have is among the operations.
func TestOperationsCoverTheKernel(t *testing.T) {
	l := newLab(t)
	used := map[string]bool{}
	l.watch = func(name string) { used[name] = true }
	for seed := range uint64(30) {
		play(l, t, randomOps(seed))
	}
	for _, f := range l.official.Info().Exports {
		if f.Func != nil && !used[f.Name] {
			t.Errorf("no operation uses %s", f.Name)
		}
	}
}

// Mutants of the kernel, each with one fault; the sequences find every one of them.
func TestMutantsAreFound(t *testing.T) {
	source, err := os.ReadFile("kernel.wat")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []struct{ name, old, new string }{
		{"a block's length is rounded up",
			"(i32.store offset=4 (i32.add (global.get $end) (local.get $d)) (local.get $n))",
			"(i32.store offset=4 (i32.add (global.get $end) (local.get $d)) (local.get $size))"},
		{"freeing the input leaves its length",
			"(then (call $take_input (global.get $input) (i32.const 0))))", "(then (nop)))"},
		{"what is free stays in the table",
			"(i32.store (local.get $link) (i32.load offset=16 (local.get $p)))", "(nop)"},
		{"the output may lie anywhere",
			"(if (call $inside (local.get $off) (local.get $len))\n      (then\n        (global.set $output",
			"(if (i32.const 1)\n      (then\n        (global.set $output"},
		{"lengths overflow",
			"(i64.le_u (local.get $len) (i64.sub (local.get $span) (local.get $off)))",
			"(i64.le_u (i64.add (local.get $off) (local.get $len)) (local.get $span))"},
		{"a reset keeps the error",
			"(global.set $output_empty (i32.const 0))\n    (global.set $error (i32.const 0)))",
			"(global.set $output_empty (i32.const 0)))"},
		{"a call sees what another one has left",
			"(memory.fill (local.get $keep) (i32.const 0)\n          (i32.sub (local.get $stop) (local.get $keep)))", "(nop)"},
		{"the last 8 bytes of the input cannot be read at once",
			"(i64.sub (global.get $input_length) (i64.const 7))", "(i64.sub (global.get $input_length) (i64.const 8))"},
		{"blocks overlap when one is split",
			"(i32.add (i32.load (local.get $p)) (local.get $size)))\n    (i32.store offset=4 (local.get $q)",
			"(i32.add (i32.load (local.get $p)) (i32.sub (local.get $size) (i32.const 16))))\n    (i32.store offset=4 (local.get $q)"},
		{"memory_bytes is what is in use",
			"(i64.extend_i32_u (i32.sub (global.get $end) (i32.const 64))))",
			"(i64.extend_i32_u (i32.sub (global.get $top) (i32.const 64))))"},
	} {
		t.Run(m.name, func(t *testing.T) {
			if n := strings.Count(string(source), m.old); n != 1 {
				t.Fatalf("what is to be changed is there %d times", n)
			}
			l := newLabOf(t, wattest.AssembleText(t, strings.Replace(string(source), m.old, m.new, 1)))
			for seed := range uint64(100) {
				ops := randomOps(seed)
				if play(l, t, ops) == "" {
					continue
				}
				small := smallest(l, t, ops)
				t.Logf("seed %d: %d of %d operations: %s", seed, len(small), len(ops), play(l, t, small))
				if len(small) > 25 {
					t.Errorf("seed %d: %d operations, which is not small: %v", seed, len(small), small)
				}
				return
			}
			t.Error("not found")
		})
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
