package enginetest

import "github.com/extism-js/extism-js/internal/engine"

// Kernel is an [engine.KernelMemory] without a kernel: a [Memory] whose blocks lie
// one behind the other and are never freed.
type Kernel struct {
	*Memory
	next    uint32
	lengths map[uint32]uint32
}

var _ engine.KernelMemory = (*Kernel)(nil)

// The first block's offset is not 0, as that means "none", and blocks begin where
// a real kernel's could.
const (
	firstBlock = 1024
	alignment  = 16
)

// NewKernel makes a kernel with room for blocks of the given number of bytes
// together, each counted as the next multiple of 16.
func NewKernel(room int) *Kernel {
	return &Kernel{NewMemory(firstBlock + room), firstBlock, map[uint32]uint32{}}
}

// Alloc implements [engine.KernelMemory].
func (k *Kernel) Alloc(n uint32) uint32 {
	if n == 0 || uint64(k.next)+uint64(n) > k.Size() {
		return 0
	}
	off := k.next
	k.lengths[off] = n
	k.next += (n + alignment - 1) / alignment * alignment
	return off
}

// Store puts data into a new block and gives its offset and length, as arguments
// of a host function. It panics if there is no room: a test has to see to that.
func (k *Kernel) Store(data string) (off, n uint32) {
	n = uint32(len(data))
	off = k.Alloc(n)
	if n > 0 && !k.Write(off, []byte(data)) || n > 0 && off == 0 {
		panic("enginetest: no room in the kernel")
	}
	return off, n
}

// Block gives a copy of the block at an offset; ok is false if none begins there.
func (k *Kernel) Block(off uint32) (data string, ok bool) {
	n, ok := k.lengths[off]
	if !ok {
		return "", false
	}
	return string(k.Bytes()[off:][:n]), true
}

// Blocks is how many blocks there are.
func (k *Kernel) Blocks() int { return len(k.lengths) }
