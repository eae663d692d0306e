package wasm

import "bytes"

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

// Bounds of what is read of a module that lies elsewhere. Engines take a million
// functions and as many imports; what modules really have is far below.
const (
	maxSection  = 4 << 20 // bytes
	maxSections = 10_000
)

// Parse reads a module's head: what comes before its elements, code and data. It
// validates only what it reads: whether a module is valid is for the engine to say,
// and so the rest may be missing. The time and memory it takes are proportional to
// the length of the head. Errors are [*FormatError].
func Parse(module []byte) (*Info, error) {
	return parse(len(module), func(off, n int) []byte { return module[off : off+n] })
}

// Read is [Parse] for a module of size bytes that lies elsewhere. It has the parts
// that it needs copied by read, which fills dst from off on and gives false if it
// cannot; off and dst are within size. Sections of more than 4 MiB are refused.
func Read(size uint32, read func(off uint32, dst []byte) bool) (*Info, error) {
	var buf []byte // for one section after the other
	return parse(int(size), func(off, n int) []byte {
		if n > maxSection {
			return nil
		}
		if n > cap(buf) {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if !read(uint32(off), buf) {
			return nil
		}
		return buf
	})
}

func parse(size int, fetch func(off, n int) []byte) (*Info, error) {
	p := parser{size: size, fetch: fetch}
	if p.window(0, min(size, len(magic))); !bytes.Equal(p.data, magic) {
		p.fail(0, "not a WebAssembly core module")
		return nil, p.err
	}
	last := 0
	for at, n := len(magic), 0; at < size && !p.failed(); n++ {
		if n == maxSections {
			p.fail(at, "too many sections")
		}
		at, last = p.section(at, last)
	}
	p.resolve()
	if p.failed() {
		return nil, p.err
	}
	return &p.info, nil
}

type parser struct {
	reader
	size  int
	fetch func(off, n int) []byte // borrowed until the next; nil if it cannot be had
	info  Info
	types []*FuncType // nil for types that are not functions
	// The index spaces, imports first. Tables and globals end early if an
	// initialiser cannot be read.
	funcs   []uint32 // type indices
	tables  []TableType
	globals []GlobalType
	tags    []*FuncType
}

// window has the reader read n bytes from off on.
func (p *parser) window(off, n int) {
	p.data, p.base, p.pos, p.end = p.fetch(off, n), off, off, off+n
	if len(p.data) != n {
		p.fail(off, "cannot be read")
	}
}

// section reads the section that begins at some place. It gives where the next one
// begins, and the order's place of this one.
func (p *parser) section(at, last int) (next, place int) {
	const header = 6 // bytes at most: the identifier and a number of 32 bits
	p.window(at, min(header, p.size-at))
	id := p.byte()
	if int(id) < len(secOrder) && secOrder[id] >= secOrder[secElement] {
		return p.size, secOrder[id] // the head ends here
	}
	size := p.u32()
	start := p.pos
	if !p.failed() && uint64(size) > uint64(p.size-start) {
		p.fail(start, "unexpected end")
	}
	next = start + int(size)
	if p.failed() || id == secCustom {
		return next, last
	}
	if int(id) >= len(secOrder) {
		p.fail(at, "unknown section")
		return next, last
	}
	if secOrder[id] <= last {
		p.fail(at, "section out of order")
		return next, last
	}
	// Nothing may reach past its own section, nor leave part of it.
	p.window(start, int(size))
	p.contents(id)
	if !p.failed() && p.left() > 0 {
		p.fail(p.pos, "section longer than its contents")
	}
	return next, secOrder[id]
}

func (p *parser) contents(id byte) {
	switch id {
	case secType:
		p.typeSection()
	case secImport:
		p.importSection()
	case secFunction:
		p.functionSection()
	case secTable:
		p.tableSection()
	case secMemory:
		p.memorySection()
	case secTag:
		p.tagSection()
	case secGlobal:
		p.globalSection()
	case secExport:
		p.exportSection()
	case secStart:
		p.u32()
		p.info.HasStart = true
	}
}

// resolve gives exports their types.
func (p *parser) resolve() {
	for i := range p.info.Exports {
		if p.failed() {
			return
		}
		e := &p.info.Exports[i]
		n := uint64(e.Index)
		switch {
		case e.Kind == KindFunc: // the index has been checked
			e.Func = p.types[p.funcs[n]]
		case e.Kind == KindTable && n < uint64(len(p.tables)):
			e.Table = &p.tables[n]
		case e.Kind == KindMemory && n < uint64(len(p.info.Memories)):
			e.Memory = &p.info.Memories[n]
		case e.Kind == KindGlobal && n < uint64(len(p.globals)):
			e.Global = &p.globals[n]
		case e.Kind == KindTag && n < uint64(len(p.tags)):
			e.Func = p.tags[n]
		}
	}
}
