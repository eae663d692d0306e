package wasi

import (
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

func TestRandomGet(t *testing.T) {
	for _, n := range []int{0, 1, 32, chunkSize - 1, chunkSize, chunkSize + 1, 3*chunkSize + 5} {
		var asked int
		s := newSystem(t, func(o *Options) {
			o.Random = func(b []byte) {
				if len(b) > chunkSize || len(b) == 0 {
					t.Errorf("asked for %d bytes at once", len(b))
				}
				asked += len(b)
				for i := range b {
					b[i] = 0xff
				}
			}
		})
		m := enginetest.NewMemory(memSize)
		expect(t, 0, s, m, "random_get", 1, uint64(n))
		if asked != n {
			t.Errorf("%d bytes: asked for %d", n, asked)
		}
		for i, b := range m.Bytes() {
			if in := i >= 1 && i <= n; (b == 0xff) != in {
				t.Fatalf("%d bytes: byte %d is %d", n, i, b)
			}
		}
	}
}

func TestRandomGetOutsideTouchesNothing(t *testing.T) {
	s := newSystem(t, func(o *Options) { o.Random = func([]byte) { t.Error("asked for random bytes") } })
	m := enginetest.NewMemory(memSize)
	expect(t, ErrnoFault, s, m, "random_get", 1, memSize)
	expect(t, ErrnoFault, s, m, "random_get", 0, 1<<32-1)
	expect(t, ErrnoFault, s, m, "random_get", 1<<32-1, 1<<32-1)
}
