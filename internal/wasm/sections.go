package wasm

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
	case b >= byte(V128) && b <= byte(I32):
		return ValueType(b)
	case b == refNull:
		return p.heapType()
	case b == refNonNull:
		if t := p.heapType(); t != Ref {
			return t | NonNull
		}
		return Ref
	case b >= 0x68 && b <= 0x76: // shorthands such as anyref
		return abstract(b)
	default:
		p.fail(at, "unknown value type")
		return 0
	}
}

// How references are encoded: one of these, and what they refer to (core spec §5.3.4).
const (
	refNull    = 0x63
	refNonNull = 0x64
)

// heapTypeBytes is how long a heap type can be: a number of 33 bits.
const heapTypeBytes = 5

// heapType reads what a reference refers to, and gives the nullable reference to it.
func (p *parser) heapType() ValueType {
	at := p.pos
	switch b := p.byte(); {
	case b == 0x65 || b == 0x62: // shared or exact, in proposals
		p.skipSigned(heapTypeBytes)
	case b >= 0x40 && b < 0x80: // one byte, and negative
		return abstract(b)
	case b >= 0x80:
		p.pos = at
		p.skipSigned(heapTypeBytes)
	}
	return Ref
}

// abstract gives the nullable reference to an abstract heap type, if it is known.
func abstract(b byte) ValueType {
	if t := ValueType(b); t.heap().top != 0 {
		return t
	}
	return Ref
}

func (p *parser) limits() Limits {
	at := p.pos
	flags := p.byte()
	if flags > 15 {
		p.fail(at, "unknown flags of limits")
	}
	l := Limits{Shared: flags&2 != 0, Is64: flags&4 != 0, PageLog: defaultPageLog}
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

// manyItems is for how many items there is room at once. More than that have to be
// there before they take any: they are larger here than in a module.
const manyItems = 1024

func (p *parser) importSection() {
	// Two empty names, a kind and at least one byte for what it is.
	n := p.count(4)
	p.info.Imports = make([]Import, 0, min(n, manyItems))
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
			t := p.tableType()
			m.Table = &t
			p.tables = append(p.tables, t)
		case KindMemory:
			l := p.limits()
			m.Memory = &l
			p.info.Memories = append(p.info.Memories, l)
		case KindGlobal:
			t := p.globalType()
			m.Global = &t
			p.globals = append(p.globals, t)
		case KindTag:
			m.Func = p.tagType()
			p.tags = append(p.tags, m.Func)
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

func (p *parser) tableType() TableType {
	return TableType{Elem: p.valueType(), Limits: p.limits()}
}

func (p *parser) globalType() GlobalType {
	return GlobalType{Value: p.valueType(), Mutable: p.byte() == 1}
}

// tagType reads the type of a tag: an attribute, of which there is only one, and a
// signature.
func (p *parser) tagType() *FuncType {
	p.byte()
	at := p.pos
	return p.typeAt(at, p.u32())
}

// tableSection reads tables, some of which have an initial value for their elements
// (core spec 3.0, §5.5.7).
func (p *parser) tableSection() {
	const initialised = 0x40
	for n := p.count(3); n > 0 && !p.failed(); n-- {
		at := p.pos
		valued := p.byte() == initialised
		if valued {
			p.byte()
		} else if !p.failed() {
			p.pos = at
		}
		p.tables = append(p.tables, p.tableType())
		if valued && !p.constant() {
			p.skip(uint32(p.left()))
			return
		}
	}
}

func (p *parser) tagSection() {
	for n := p.count(2); n > 0 && !p.failed(); n-- {
		p.tags = append(p.tags, p.tagType())
	}
}

func (p *parser) globalSection() {
	for n := p.count(3); n > 0 && !p.failed(); n-- {
		p.globals = append(p.globals, p.globalType())
		if !p.constant() {
			p.skip(uint32(p.left()))
			return
		}
	}
}

// constant passes over a constant expression. It gives false at an instruction that
// it does not know: then nothing can be said of what comes after it.
func (p *parser) constant() (known bool) {
	for !p.failed() {
		switch op := p.byte(); op {
		case opEnd:
			return true
		case 0x23, 0xd2: // global.get, ref.func
			p.u32()
		case opI32Const, 0x42: // i64.const
			p.skipSigned(10)
		case 0x43: // f32.const
			p.skip(4)
		case 0x44: // f64.const
			p.skip(8)
		case 0xd0: // ref.null
			p.heapType()
		case 0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e: // add, sub and mul, of i32 and i64
		case 0xfb:
			if !p.gcConstant() {
				return false
			}
		case 0xfd:
			if p.u32() != 12 { // v128.const
				return false
			}
			p.skip(16)
		default:
			return false
		}
	}
	return true
}

// gcConstant passes over the rest of an instruction of the garbage collection
// proposal.
func (p *parser) gcConstant() (known bool) {
	switch p.u32() {
	case 0, 1, 6, 7: // struct.new, struct.new_default, array.new, array.new_default
		p.u32()
	case 8: // array.new_fixed
		p.u32()
		p.u32()
	case 26, 27, 28: // any.convert_extern, extern.convert_any, ref.i31
	default:
		return false
	}
	return true
}

func (p *parser) memorySection() {
	for n := p.count(2); n > 0 && !p.failed(); n-- {
		p.info.Memories = append(p.info.Memories, p.limits())
	}
}

func (p *parser) exportSection() {
	n := p.count(3)
	p.info.Exports = make([]Export, 0, min(n, manyItems))
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
