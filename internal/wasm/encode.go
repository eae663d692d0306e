package wasm

// Instructions that our own modules are made of (core spec §5.4).
const (
	opUnreachable  = 0x00
	opIf           = 0x04
	opEnd          = 0x0b
	opCall         = 0x10
	opCallIndirect = 0x11
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI32Const     = 0x41
	opI32LtS       = 0x48

	blockVoid = 0x40 // the type of a block without a result
)

// Builder puts small modules together. It checks nothing. What it adds gets an
// index in the space of its kind; of each kind, imports are to be added first.
// The zero value is an empty module.
type Builder struct {
	signatures                                 []FuncType
	types, imports, functions, tables, globals items
	exports, elements, code                    items
	functionCount, tableCount, globalCount     uint32
}

// ImportFunction adds a function of another module.
func (b *Builder) ImportFunction(module, name string, t FuncType) (index uint32) {
	b.imports.next().name(module).name(name).put(byte(KindFunc)).number(b.typeIndex(t))
	b.functionCount++
	return b.functionCount - 1
}

// ImportTable adds a table of another module.
func (b *Builder) ImportTable(module, name string, t TableType) (index uint32) {
	b.imports.next().name(module).name(name).put(byte(KindTable)).table(t)
	b.tableCount++
	return b.tableCount - 1
}

// ImportGlobal adds a global of another module.
func (b *Builder) ImportGlobal(module, name string, t GlobalType) (index uint32) {
	var mutability byte
	if t.Mutable {
		mutability = 1
	}
	b.imports.next().name(module).name(name).put(byte(KindGlobal), byte(t.Value), mutability)
	b.globalCount++
	return b.globalCount - 1
}

// Function adds a function, with locals of those types beside its parameters. The
// body is its instructions, without the end.
func (b *Builder) Function(t FuncType, body []byte, locals ...ValueType) (index uint32) {
	b.functions.next().number(b.typeIndex(t))
	var code items
	code.number(uint32(len(locals)))
	for _, l := range locals {
		code.put(1, byte(l))
	}
	code.put(body...).put(opEnd)
	b.code.next().number(uint32(len(code.data))).put(code.data...)
	b.functionCount++
	return b.functionCount - 1
}

// Table adds a table.
func (b *Builder) Table(t TableType) (index uint32) {
	b.tables.next().table(t)
	b.tableCount++
	return b.tableCount - 1
}

// Global adds a global of type i32.
func (b *Builder) Global(mutable bool, value int32) (index uint32) {
	var mutability byte
	if mutable {
		mutability = 1
	}
	b.globals.next().put(byte(I32), mutability, opI32Const).signed(value).put(opEnd)
	b.globalCount++
	return b.globalCount - 1
}

// Export exports what has that index in the space of its kind.
func (b *Builder) Export(name string, kind Kind, index uint32) {
	b.exports.next().name(name).put(byte(kind)).number(index)
}

// Elements puts functions into table 0, from its beginning.
func (b *Builder) Elements(functions []uint32) {
	e := b.elements.next().put(0, opI32Const, 0, opEnd).number(uint32(len(functions)))
	for _, f := range functions {
		e.number(f)
	}
}

// Module gives the module in the binary format.
func (b *Builder) Module() []byte {
	var out items
	out.put(magic...)
	for _, s := range []struct {
		id byte
		*items
	}{
		{secType, &b.types}, {secImport, &b.imports}, {secFunction, &b.functions}, {secTable, &b.tables},
		{secGlobal, &b.globals}, {secExport, &b.exports}, {secElement, &b.elements}, {secCode, &b.code},
	} {
		if s.n > 0 {
			var count items
			count.number(s.n)
			out.put(s.id).number(uint32(len(count.data) + len(s.data))).put(count.data...).put(s.data...)
		}
	}
	return out.data
}

// typeIndex gives the index of a signature, which it adds if it is new.
func (b *Builder) typeIndex(t FuncType) uint32 {
	for i, u := range b.signatures {
		if u.Equal(t) {
			return uint32(i)
		}
	}
	b.types.next().put(formFunc).list(t.Params).list(t.Results)
	b.signatures = append(b.signatures, t)
	return b.types.n - 1
}

// Portable says whether the type means the same in every module, so that a
// [Builder] can use one that was read from another: nothing in it is a [Ref].
func (t FuncType) Portable() bool { return t.Equal(t) }

// items is a section's contents in the making: how many items, and these.
type items struct {
	n    uint32
	data []byte
}

// next begins an item.
func (s *items) next() *items {
	s.n++
	return s
}

func (s *items) put(b ...byte) *items {
	s.data = append(s.data, b...)
	return s
}

func (s *items) number(n uint32) *items {
	for ; n >= 0x80; n >>= 7 {
		s.put(byte(n) | 0x80)
	}
	return s.put(byte(n))
}

// signed encodes a number as signed LEB128 (core spec §5.2.2).
func (s *items) signed(n int32) *items {
	for {
		low := byte(n & 0x7f)
		n >>= 7
		if n == 0 && low < 0x40 || n == -1 && low >= 0x40 {
			return s.put(low)
		}
		s.put(low | 0x80)
	}
}

func (s *items) name(text string) *items { return s.number(uint32(len(text))).put([]byte(text)...) }

func (s *items) list(types []ValueType) *items {
	s.number(uint32(len(types)))
	for _, t := range types {
		s.value(t)
	}
	return s
}

func (s *items) value(t ValueType) *items {
	if t&NonNull != 0 {
		s.put(refNonNull)
	}
	return s.put(byte(t))
}

// table encodes the type of a table whose size is a number of 32 bits.
func (s *items) table(t TableType) *items {
	s.value(t.Elem)
	if t.Max == nil {
		return s.put(0).number(uint32(t.Min))
	}
	return s.put(1).number(uint32(t.Min)).number(uint32(*t.Max))
}
