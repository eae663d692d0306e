// Package enginetest has what tests of engines, and of host functions on top of
// them, share.
package enginetest

import "github.com/extism-js/extism-js/internal/engine"

// Memory is an [engine.Memory] without an engine: a slice. Tests set it up and
// look at it through [Memory.Bytes].
type Memory struct{ data []byte }

var _ engine.Memory = (*Memory)(nil)

// NewMemory makes a memory of size bytes, all zero. The size need not be a
// multiple of a page, so that a test can put the end where it likes.
func NewMemory(size int) *Memory { return &Memory{make([]byte, size)} }

// Bytes is the content. It is shared, not copied, until the next [Memory.Grow].
func (m *Memory) Bytes() []byte { return m.data }

// Grow adds n zero bytes. The content moves: what [Memory.Bytes] gave before no
// longer belongs to the memory, as with memory.buffer in JavaScript.
func (m *Memory) Grow(n int) {
	data := make([]byte, len(m.data)+n)
	copy(data, m.data)
	m.data = data
}

// Size implements [engine.Memory].
func (m *Memory) Size() uint64 { return uint64(len(m.data)) }

// Read implements [engine.Memory].
func (m *Memory) Read(off uint32, dst []byte) bool {
	if uint64(off)+uint64(len(dst)) > m.Size() {
		return false
	}
	copy(dst, m.data[off:])
	return true
}

// Write implements [engine.Memory].
func (m *Memory) Write(off uint32, src []byte) bool {
	if uint64(off)+uint64(len(src)) > m.Size() {
		return false
	}
	copy(m.data[off:], src)
	return true
}
