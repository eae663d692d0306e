package wasm

import "encoding/binary"

// Builder puts a small module together: types, imports, functions, a table and
// exports. It is for modules of our own making, so it checks nothing.
type Builder struct {
	types                              []FuncType
	imports, functions, codes, exports [][]byte
	tables                             [][]byte
	importedFuncs, importedGlobals     uint32
}

// Instructions that our modules are made of (core spec §5.4).
const (
	opUnreachable = 0x00
	opIf          = 0x04
	opEnd         = 0x0b
	opCall        = 0x10
	opCallTable   = 0x11 // call_indirect
	opLocalGet    = 0x20
	opLocalSet    = 0x21
	opGlobalGet   = 0x23
	opI32Const    = 0x41
	opI32LtS      = 0x48

	blockVoid = 0x40 // type of a block without a result
)

// Type gives the index of a function type, which is added if it is new.
func (b *Builder) Type(t FuncType) uint32 {
	for i := range b.types {
		if b.types[i].Equal(t) {
			return uint32(i)
		}
	}
	b.types = append(b.types, t)
	return uint32(len(b.types) - 1)
}

// ImportFunc imports a function and gives its index. Imports come before [Builder.Func].
func (b *Builder) ImportFunc(module, name string, t FuncType) uint32 {
	b.imports = append(b.imports, appendUint(importHead(module, name, KindFunc), b.Type(t)))
	b.importedFuncs++
	return b.importedFuncs - 1
}

// ImportGlobal imports a global and gives its index.
func (b *Builder) ImportGlobal(module, name string, t ValueType, mutable bool) uint32 {
	head := append(importHead(module, name, KindGlobal), byte(t), 0)
	if mutable {
		head[len(head)-1] = 1
	}
	b.imports = append(b.imports, head)
	b.importedGlobals++
	return b.importedGlobals - 1
}

func importHead(module, name string, kind Kind) []byte {
	return append(appendName(appendName(nil, module), name), byte(kind))
}

// Func adds a function with locals of these types beside its parameters, and gives
// its index. The body is without its end.
func (b *Builder) Func(t FuncType, locals []ValueType, body []byte) uint32 {
	b.functions = append(b.functions, appendUint(nil, b.Type(t)))
	code := appendUint(nil, uint32(len(locals)))
	for _, l := range locals {
		code = append(code, 1, byte(l))
	}
	code = append(append(code, body...), opEnd)
	b.codes = append(b.codes, append(appendUint(nil, uint32(len(code))), code...))
	return b.importedFuncs + uint32(len(b.functions)) - 1
}

// Table adds a table of n functions, no more and no fewer, and gives its index.
func (b *Builder) Table(n uint32) uint32 {
	b.tables = append(b.tables, appendUint(appendUint([]byte{byte(FuncRef), 1}, n), n))
	return uint32(len(b.tables) - 1)
}

// Export exports what has that index among its kind.
func (b *Builder) Export(name string, kind Kind, index uint32) {
	b.exports = append(b.exports, appendUint(append(appendName(nil, name), byte(kind)), index))
}

// Bytes encodes the module (core spec §5.5).
func (b *Builder) Bytes() []byte {
	types := make([][]byte, len(b.types))
	for i, t := range b.types {
		types[i] = appendTypes(appendTypes([]byte{formFunc}, t.Params), t.Results)
	}
	out := append([]byte(nil), magic...)
	for _, s := range []struct {
		id    byte
		items [][]byte
	}{
		{secType, types}, {secImport, b.imports}, {secFunction, b.functions},
		{secTable, b.tables}, {secExport, b.exports}, {secCode, b.codes},
	} {
		out = appendSection(out, s.id, s.items)
	}
	return out
}

func appendSection(out []byte, id byte, items [][]byte) []byte {
	if len(items) == 0 {
		return out
	}
	contents := appendUint(nil, uint32(len(items)))
	for _, item := range items {
		contents = append(contents, item...)
	}
	out = appendUint(append(out, id), uint32(len(contents)))
	return append(out, contents...)
}

func appendUint(b []byte, n uint32) []byte { return binary.AppendUvarint(b, uint64(n)) }

func appendName(b []byte, s string) []byte { return append(appendUint(b, uint32(len(s))), s...) }

func appendTypes(b []byte, types []ValueType) []byte {
	b = appendUint(b, uint32(len(types)))
	for _, t := range types {
		b = append(b, byte(t))
	}
	return b
}
