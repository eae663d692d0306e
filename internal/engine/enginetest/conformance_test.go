package enginetest

import (
	"testing"

	"github.com/extism-js/extism-js/internal/engine"
)

func TestFakeMemory(t *testing.T) {
	m := NewMemory(engine.PageSize)
	Memories(t, m, func() { m.Grow(engine.PageSize) })
}
