package wasi

import (
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

// FuzzFunctions calls any function with any arguments on any memory. Nothing may
// panic, results must be among those that adapters understand, and a call that
// fails must leave the memory alone.
func FuzzFunctions(f *testing.F) {
	for i := range Functions {
		f.Add(uint8(i), uint64(1), uint64(8), uint64(1), uint64(0), uint64(3), []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x20\x00\x00\x00\x04\x00\x00\x00"))
		f.Add(uint8(i), uint64(3), uint64(1<<32-1), uint64(1<<32-1), uint64(1<<63), uint64(0), []byte("a"))
		f.Add(uint8(i), uint64(0), uint64(0), uint64(2), uint64(64), uint64(9), make([]byte, 256))
	}
	f.Fuzz(func(t *testing.T, fn uint8, a, b, c, d, e uint64, content []byte) {
		function := Functions[int(fn)%len(Functions)]
		s := newSystem(t, func(o *Options) {
			o.Args, o.Env, o.Stdin = []string{"a", "bc"}, []string{"A=1"}, []byte("some input")
			o.CaptureOutput = fn&0x80 != 0
		})
		s.files = append(s.files, newFakeDir(), &fakeFile{})
		m := enginetest.NewMemory(len(content))
		copy(m.Bytes(), content)
		args := []uint64{a, b, c, d, e, a ^ c, b ^ d, c ^ e, d ^ a}[:len(function.Params)]
		for i, p := range function.Params {
			if p == I32 {
				args[i] = uint64(uint32(args[i]))
			}
		}
		r := function.Call(s, m, args)
		if r < Stop || r&^OutputPending > ErrnoNotcapable && r != Stop {
			t.Errorf("%s%v = %d", function.Name, args, r)
		}
		if (r == Stop) != (function.Name == "proc_exit") {
			t.Errorf("%s%v = %d", function.Name, args, r)
		}
		// Reads may aim at their own vectors and only then find out that those
		// are wrong.
		reads := function.Name == "fd_read" || function.Name == "fd_pread"
		if r > 0 && r&OutputPending == 0 && !reads && string(m.Bytes()) != string(content) {
			t.Errorf("%s%v = %d and changed the memory", function.Name, args, r)
		}
		if len(m.Bytes()) != len(content) {
			t.Error("memory changed its size")
		}
		s.FlushOutput()
		lines(s)
	})
}
