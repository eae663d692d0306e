//go:build js && wasm

package webengine

import (
	"unsafe"

	"github.com/extism-js/extism-js/internal/engine"
)

// The shim's side of these is in web/src/abi.mjs. They run while a guest is
// waiting for Go, so none of them may enter Go or run user code.

//go:wasmimport extism memory_pages
func memoryPages(handle int32) int32

//go:wasmimport extism memory_read
func memoryRead(handle, off int32, dst unsafe.Pointer, n int32) int32

//go:wasmimport extism memory_write
func memoryWrite(handle, off int32, src unsafe.Pointer, n int32) int32

//go:wasmimport extism kernel_alloc
func kernelAlloc(handle, n int32) int32

//go:wasmimport extism random
func random(dst unsafe.Pointer, n int32)

// Random fills b from the platform's cryptographically secure generator.
func Random(b []byte) {
	if len(b) > 0 {
		random(unsafe.Pointer(&b[0]), int32(len(b)))
	}
}

// Memory is a guest's memory; its value is the handle by which the shim knows
// it: a plug-in's number, and within the plug-in a slot.
type Memory int32

// Kernel is the memory of a plug-in's kernel.
type Kernel struct{ Memory }

const slotBits = 7

// KernelSlot is the slot of a plug-in's kernel; those below are its modules'.
const KernelSlot = 64

// Handle packs a plug-in's number and a slot.
func Handle(id int32, slot int) int32 { return id<<slotBits | int32(slot) }

// SplitHandle is the inverse of [Handle].
func SplitHandle(handle int32) (id int32, slot int) {
	return handle >> slotBits, int(handle & (1<<slotBits - 1))
}

// MaxID is the largest number of a plug-in that a handle can hold.
const MaxID = 1<<(31-slotBits) - 1

var (
	_ engine.Memory       = Memory(0)
	_ engine.KernelMemory = Kernel{}
)

// Size implements engine.Memory.
func (m Memory) Size() uint64 {
	return uint64(uint32(memoryPages(int32(m)))) * engine.PageSize
}

// Read implements engine.Memory.
func (m Memory) Read(off uint32, dst []byte) bool {
	return memoryRead(int32(m), int32(off), unsafe.Pointer(unsafe.SliceData(dst)), int32(len(dst))) != 0
}

// Write implements engine.Memory.
func (m Memory) Write(off uint32, src []byte) bool {
	return memoryWrite(int32(m), int32(off), unsafe.Pointer(unsafe.SliceData(src)), int32(len(src))) != 0
}

// Alloc implements engine.KernelMemory.
func (k Kernel) Alloc(n uint32) uint32 { return uint32(kernelAlloc(int32(k.Memory), int32(n))) }
