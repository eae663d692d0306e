package wasm

// Kind is what an import or export is, numbered as in the binary format (core
// spec §5.5.5; tags are from the exception handling proposal).
type Kind byte

// The kinds.
const (
	KindFunc Kind = iota
	KindTable
	KindMemory
	KindGlobal
	KindTag
)

// Limits bounds the size of a memory or table: in pages for a memory, in elements
// for a table.
type Limits struct {
	Min uint64
	// Max is nil if the module sets none.
	Max *uint64
	// Shared memories come from the threads proposal, 64-bit ones from memory64.
	Shared, Is64 bool
	// PageLog is the base-2 logarithm of a memory's page size: 16, unless the module
	// uses the custom page sizes proposal. Of tables it means nothing.
	PageLog uint32
}

const defaultPageLog = 16

// Import is one import of a module.
type Import struct {
	Module, Name string
	ExternType
}

// Export is one export of a module.
type Export struct {
	Name string
	// Index is the position in the index space of its kind, imports first.
	Index uint32
	ExternType
}

// Info is what other modules can see of a module. It shares nothing with the
// bytes that it was read from.
type Info struct {
	// Imports and Exports are in the order of their sections.
	Imports []Import
	Exports []Export
	// Memories are the module's memories, imported ones first.
	Memories []Limits
	// HasStart says whether instantiating the module runs a start function.
	HasStart bool
}

// Import returns the import of that name, or nil. A module may import a name more
// than once; this is the first.
func (i *Info) Import(module, name string) *Import {
	for n := range i.Imports {
		if m := &i.Imports[n]; m.Module == module && m.Name == name {
			return m
		}
	}
	return nil
}

// Export returns the export of that name, or nil.
func (i *Info) Export(name string) *Export {
	for n := range i.Exports {
		if e := &i.Exports[n]; e.Name == name {
			return e
		}
	}
	return nil
}
