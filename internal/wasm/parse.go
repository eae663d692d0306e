package wasm

import "bytes"

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
	// PageLog is the base-2 logarithm of the page size: 16, unless the module uses
	// the custom page sizes proposal.
	PageLog uint32
}

// Import is one import of a module.
type Import struct {
	Module, Name string
	Kind         Kind
	// Func is the signature if Kind is [KindFunc], nil if that type is none of a
	// function.
	Func *FuncType
	// Memory is set if Kind is [KindMemory].
	Memory *Limits
}

// Export is one export of a module.
type Export struct {
	Name string
	Kind Kind
	// Index is the position in the index space of its kind, imports first.
	Index uint32
	// Func is the signature if Kind is [KindFunc].
	Func *FuncType
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

// magic is how every core module begins: its magic number and version 1 (core spec
// §5.5.16).
var magic = []byte("\x00asm\x01\x00\x00\x00")

// Section identifiers (core spec §5.5.2).
const (
	secCustom = iota
	secType
	secImport
	secFunction
	secTable
	secMemory
	secGlobal
	secExport
	secStart
	secElement
	secCode
	secData
	secDataCount
	secTag
)

// secOrder gives each section's place: data count comes before code, tags before
// globals.
var secOrder = [...]int{
	secType: 1, secImport: 2, secFunction: 3, secTable: 4, secMemory: 5, secTag: 6,
	secGlobal: 7, secExport: 8, secStart: 9, secElement: 10, secDataCount: 11,
	secCode: 12, secData: 13,
}

// Parse reads a module's imports, exports and memories. It looks at no code and
// validates only what it reads: whether a module is valid is for the engine to say.
// The time and memory it takes are proportional to len(module). Errors are
// [*FormatError].
func Parse(module []byte) (*Info, error) {
	p := parser{reader: reader{data: module, end: len(module)}}
	if !bytes.HasPrefix(module, magic) {
		p.fail(0, "not a WebAssembly core module")
		return nil, p.err
	}
	p.pos = len(magic)
	last := 0
	for p.left() > 0 && !p.failed() {
		last = p.section(last)
	}
	p.resolve()
	if p.failed() {
		return nil, p.err
	}
	return &p.info, nil
}

type parser struct {
	reader
	info  Info
	types []*FuncType // nil for types that are not functions
	funcs []uint32    // type indices, imported functions first
}

// section reads one section and returns its place in the order.
func (p *parser) section(last int) int {
	at := p.pos
	id := p.byte()
	size := p.u32()
	start := p.skip(size)
	if p.failed() || id == secCustom {
		return last
	}
	if int(id) >= len(secOrder) {
		p.fail(at, "unknown section")
		return last
	}
	if secOrder[id] <= last {
		p.fail(at, "section out of order")
		return last
	}
	read := map[byte]func(){
		secType: p.typeSection, secImport: p.importSection, secFunction: p.functionSection,
		secMemory: p.memorySection, secExport: p.exportSection, secStart: p.startSection,
	}[id]
	if read == nil {
		return secOrder[id]
	}
	// Nothing may reach past its own section, nor leave part of it.
	outer, next := p.end, p.pos
	p.pos, p.end = start, next
	read()
	if !p.failed() && p.left() > 0 {
		p.fail(p.pos, "section longer than its contents")
	}
	p.end = outer
	if !p.failed() {
		p.pos = next
	} else {
		p.pos = outer
	}
	return secOrder[id]
}

// Forms of types (core spec §5.3, and the garbage collection proposal).
const (
	formFunc     = 0x60
	formStruct   = 0x5f
	formArray    = 0x5e
	formSub      = 0x50
	formSubFinal = 0x4f
	formRec      = 0x4e
)

// typeSection reads types one after the other. A recursion group only adds its
// members to what is still to come, so nothing here recurses.
func (p *parser) typeSection() {
	for todo := p.count(1); todo > 0 && !p.failed(); todo-- {
		at := p.pos
		form := p.byte()
		if form == formRec {
			todo += p.count(1)
			continue
		}
		if form == formSub || form == formSubFinal {
			for n := p.count(1); n > 0 && !p.failed(); n-- {
				p.u32()
			}
			form = p.byte()
		}
		p.compositeType(at, form)
	}
}

func (p *parser) compositeType(at int, form byte) {
	switch form {
	case formFunc:
		t := &FuncType{Params: p.valueTypes(), Results: p.valueTypes()}
		p.types = append(p.types, t)
		return
	case formStruct:
		for n := p.count(2); n > 0 && !p.failed(); n-- {
			p.fieldType()
		}
	case formArray:
		p.fieldType()
	default:
		p.fail(at, "unknown form of type")
	}
	p.types = append(p.types, nil)
}

func (p *parser) fieldType() {
	// i8 and i16 occur only here.
	if b := p.byte(); b != 0x78 && b != 0x77 && !p.failed() {
		p.pos--
		p.valueType()
	}
	p.byte()
}

func (p *parser) valueTypes() []ValueType {
	n := p.count(1)
	types := make([]ValueType, 0, n)
	for ; n > 0 && !p.failed(); n-- {
		types = append(types, p.valueType())
	}
	return types
}

func (p *parser) valueType() ValueType {
	at := p.pos
	switch b := p.byte(); {
	case b >= byte(V128) && b <= byte(I32), b == byte(FuncRef), b == byte(ExternRef):
		return ValueType(b)
	case b == 0x63 || b == 0x64: // (ref null ht), (ref ht)
		p.skipSigned()
		return Ref
	case b >= 0x68 && b <= 0x76: // shorthands such as anyref
		return Ref
	default:
		p.fail(at, "unknown value type")
		return 0
	}
}

func (p *parser) limits() Limits {
	at := p.pos
	flags := p.byte()
	if flags > 15 {
		p.fail(at, "unknown flags of limits")
	}
	l := Limits{Shared: flags&2 != 0, Is64: flags&4 != 0, PageLog: 16}
	bits := 32
	if l.Is64 {
		bits = 64
	}
	l.Min = p.leb(bits)
	if flags&1 != 0 {
		most := p.leb(bits)
		l.Max = &most
	}
	if flags&8 != 0 {
		l.PageLog = p.u32()
	}
	return l
}

func (p *parser) importSection() {
	// Two empty names, a kind and at least one byte for what it is.
	n := p.count(4)
	p.info.Imports = make([]Import, 0, n)
	for ; n > 0 && !p.failed(); n-- {
		m := Import{Module: p.name(), Name: p.name()}
		at := p.pos
		m.Kind = Kind(p.byte())
		switch m.Kind {
		case KindFunc:
			index := p.u32()
			m.Func = p.typeAt(at+1, index)
			p.funcs = append(p.funcs, index)
		case KindTable:
			p.valueType()
			p.limits()
		case KindMemory:
			l := p.limits()
			m.Memory = &l
			p.info.Memories = append(p.info.Memories, l)
		case KindGlobal:
			p.valueType()
			p.byte()
		case KindTag:
			p.byte()
			p.u32()
		default:
			p.fail(at, "unknown kind of import")
		}
		p.info.Imports = append(p.info.Imports, m)
	}
}

func (p *parser) typeAt(at int, index uint32) *FuncType {
	if uint64(index) >= uint64(len(p.types)) {
		p.fail(at, "no such type")
		return nil
	}
	return p.types[index]
}

func (p *parser) functionSection() {
	for n := p.count(1); n > 0 && !p.failed(); n-- {
		at := p.pos
		index := p.u32()
		p.typeAt(at, index)
		p.funcs = append(p.funcs, index)
	}
}

func (p *parser) memorySection() {
	for n := p.count(2); n > 0 && !p.failed(); n-- {
		p.info.Memories = append(p.info.Memories, p.limits())
	}
}

func (p *parser) exportSection() {
	n := p.count(3)
	p.info.Exports = make([]Export, 0, n)
	for ; n > 0 && !p.failed(); n-- {
		e := Export{Name: p.name()}
		at := p.pos
		e.Kind = Kind(p.byte())
		if e.Kind > KindTag {
			p.fail(at, "unknown kind of export")
		}
		at = p.pos
		e.Index = p.u32()
		if e.Kind == KindFunc && uint64(e.Index) >= uint64(len(p.funcs)) {
			p.fail(at, "no such function")
		}
		p.info.Exports = append(p.info.Exports, e)
	}
}

func (p *parser) startSection() {
	p.u32()
	p.info.HasStart = true
}

// resolve gives exported functions their signatures.
func (p *parser) resolve() {
	for i := range p.info.Exports {
		e := &p.info.Exports[i]
		if e.Kind == KindFunc && !p.failed() {
			e.Func = p.types[p.funcs[e.Index]]
		}
	}
}
