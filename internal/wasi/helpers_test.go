package wasi

import (
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

const memSize = 65536

// clocks are a test's clocks. step is by how much each reading of the monotonic
// one moves it.
type clocks struct{ real, mono, step int64 }

func (c *clocks) options() Options {
	return Options{
		Random: func(b []byte) {
			for i := range b {
				b[i] = byte(i + 1)
			}
		},
		Walltime: func() int64 { return c.real },
		Nanotime: func() int64 { c.mono += c.step; return c.mono },
	}
}

// newSystem makes a System with clocks that stand at 1,700,000,000 s and 1 s.
func newSystem(t testing.TB, change func(*Options)) *System {
	t.Helper()
	c := &clocks{real: 1_700_000_000e9, mono: 1e9}
	o := c.options()
	o.Sleep = NoWait
	if change != nil {
		change(&o)
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var byName = func() map[string]*Function {
	m := map[string]*Function{}
	for i := range Functions {
		m[Functions[i].Name] = &Functions[i]
	}
	return m
}()

// call calls a function as a guest does: by name, with numbers.
func call(t testing.TB, s *System, m engine.Memory, name string, args ...uint64) int32 {
	t.Helper()
	f := byName[name]
	if f == nil {
		t.Fatalf("no function %s", name)
	}
	if len(args) != len(f.Params) {
		t.Fatalf("%s takes %d arguments, not %d", name, len(f.Params), len(args))
	}
	return f.Call(s, m, args)
}

// expect calls and compares the result.
func expect(t testing.TB, want int32, s *System, m engine.Memory, name string, args ...uint64) {
	t.Helper()
	if got := call(t, s, m, name, args...); got != want {
		t.Errorf("%s%v = %d, want %d", name, args, got, want)
	}
}

// iovecs puts an array of vectors at off: offset, length, offset, length…
func iovecs(m *enginetest.Memory, off uint32, v ...uint32) {
	for i, x := range v {
		binary.LittleEndian.PutUint32(m.Bytes()[int(off)+4*i:], x)
	}
}

func u16(m *enginetest.Memory, off uint32) uint16 { return binary.LittleEndian.Uint16(m.Bytes()[off:]) }
func u32(m *enginetest.Memory, off uint32) uint32 { return binary.LittleEndian.Uint32(m.Bytes()[off:]) }
func u64(m *enginetest.Memory, off uint32) uint64 { return binary.LittleEndian.Uint64(m.Bytes()[off:]) }

// hugeMemory claims 4 GiB, all zero but for a small start. It fails the test when
// much is moved at once.
type hugeMemory struct {
	t     testing.TB
	start enginetest.Memory
	moved uint64
}

func newHugeMemory(t testing.TB) *hugeMemory {
	return &hugeMemory{t: t, start: *enginetest.NewMemory(memSize)}
}

func (m *hugeMemory) Size() uint64 { return 1 << 32 }

func (m *hugeMemory) Read(off uint32, dst []byte) bool {
	m.check(off, len(dst))
	if !m.start.Read(off, dst) {
		clear(dst)
	}
	return uint64(off)+uint64(len(dst)) <= m.Size()
}

func (m *hugeMemory) Write(off uint32, src []byte) bool {
	m.check(off, len(src))
	m.start.Write(off, src)
	return uint64(off)+uint64(len(src)) <= m.Size()
}

func (m *hugeMemory) check(off uint32, n int) {
	m.moved += uint64(n)
	if n > maxLine {
		m.t.Fatalf("%d bytes at %d moved at once", n, off)
	}
}

// lines drains the captured output as "fd:text".
func lines(s *System) []string {
	var all []string
	for {
		fd, data, ok := s.TakeOutput()
		if !ok {
			return all
		}
		all = append(all, fmt.Sprintf("%d:%s", fd, data))
	}
}
