// Package engine holds the small interfaces between a plug-in's logic and
// whatever runs its WebAssembly: the page's native engine or wazero.
//
// Nothing here can call a guest. Go answers; a driver (the JavaScript shim on
// the web, a small Go loop on wazero) instantiates modules and calls exports,
// because a Go export that is entered while another one is still on the stack
// takes the whole core down with it.
package engine

import "github.com/extism-js/extism-js/internal/wasm"

// PageSize is the size of a WebAssembly page in bytes (core spec §2.5.5).
const PageSize = 65536

// Kind is what an import or export is (core spec §2.5.10 and §2.5.11).
type Kind uint8

// The kinds, numbered as in the binary format; tags are from the exception
// handling proposal.
const (
	KindFunction Kind = iota
	KindTable
	KindMemory
	KindGlobal
	KindTag
)

var kindNames = [...]string{"function", "table", "memory", "global", "tag"}

// String gives the kind as the JavaScript API names it, or "unknown".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// ParseKind is the inverse of [Kind.String]; ok is false for any other text.
func ParseKind(s string) (k Kind, ok bool) {
	for i, n := range kindNames {
		if n == s {
			return Kind(i), true
		}
	}
	return 0, false
}

// Import describes one thing that a module asks for.
type Import struct {
	Module string
	Name   string
	Kind   Kind
	// Type says more than Kind; nil if it is not known, as when a compiled module
	// came without its bytes.
	Type *wasm.ExternType
}

// Export describes one thing that a module offers.
type Export struct {
	Name string
	Kind Kind
	// Type is as in [Import].
	Type *wasm.ExternType
}

// Module is a compiled module. It has no state and may be instantiated any
// number of times, by the driver that belongs to its engine.
type Module interface {
	// Imports lists the module's imports in the order of its import section.
	Imports() []Import
	// Exports lists the module's exports in the order of its export section.
	Exports() []Export
}

// Engine compiles modules.
type Engine interface {
	// Compile validates and compiles one module in the binary format. The bytes
	// are not kept. Malformed or invalid modules give an error that says why.
	Compile(wasm []byte) (Module, error)
}

// Memory is a linear memory as host functions see it. Offsets come from guests
// and may be anything: every access is checked, and none of the methods panics.
type Memory interface {
	// Size is the current length in bytes; it may grow between two calls.
	Size() uint64
	// Read copies len(dst) bytes, starting at off, into dst. If any of them lies
	// outside the memory nothing is copied and the result is false.
	Read(off uint32, dst []byte) bool
	// Write copies src into the memory at off. If any byte would lie outside,
	// nothing is copied and the result is false.
	Write(off uint32, src []byte) bool
}

// KernelMemory is the memory of a plug-in's kernel with its allocator. Calling
// the kernel from a host function is safe: the kernel never enters Go from its
// allocator.
type KernelMemory interface {
	Memory
	// Alloc returns the offset of a new block of n bytes, or 0 if there is no
	// room for it. A block of 0 bytes has offset 0, as in Extism's kernel.
	Alloc(n uint32) uint32
}
