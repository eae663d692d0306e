package wasm

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// typesOf gives the types of a module's imports and exports, as text.
func typesOf(info *Info) string {
	var all []string
	for _, m := range info.Imports {
		all = append(all, m.ExternType.String())
	}
	for _, e := range info.Exports {
		all = append(all, e.ExternType.String())
	}
	return strings.Join(all, " ")
}

func imported(descriptions ...string) string {
	var items []string
	for _, d := range descriptions {
		items = append(items, name("")+name("")+d)
	}
	return section(secImport, vec(items...))
}

func TestTypesAsText(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		want string
	}{
		{
			"functions",
			module(section(secType, vec(noArgs, i32toI, "\x60\x02\x7d\x7c\x01\x7b")), imported("\x00\x00", "\x00\x01", "\x00\x02")),
			"(func) (func (param i32) (result i64)) (func (param f32 f64) (result v128))",
		},
		{
			"a function of a type that is none",
			module(section(secType, vec("\x5f\x00")), imported("\x00\x00")),
			"(func)",
		},
		{
			"memories",
			module(imported("\x02\x00\x01", "\x02\x01\x01\x02", "\x02\x03\x01\x02", "\x02\x05\x01\x02", "\x02\x08\x05\x00")),
			"(memory 1) (memory 1 2) (memory 1 2 shared) (memory i64 1 2) (memory 5 (pagesize 1))",
		},
		{
			"tables",
			module(imported("\x01\x70\x00\x01", "\x01\x6f\x01\x01\x02", "\x01\x64\x70\x00\x00", "\x01\x63\x70\x04\x03")),
			"(table 1 funcref) (table 1 2 externref) (table 0 (ref func)) (table i64 3 funcref)",
		},
		{
			"globals",
			module(imported("\x03\x7f\x00", "\x03\x7e\x01", "\x03\x6e\x00", "\x03\x63\x05\x00", "\x03\x64\x05\x01",
				"\x03\x64\x6c\x00", "\x03\x71\x00", "\x03\x64\x65\x70\x00", "\x03\x63\xff\xff\x03\x00")),
			"(global i32) (global (mut i64)) (global anyref) (global ref) (global (mut ref)) (global (ref i31)) (global nullref) (global ref) (global ref)",
		},
		{
			"tags",
			module(section(secType, vec(i32toI)), imported("\x04\x00\x00")),
			"(tag (param i32) (result i64))",
		},
		{
			"exports of what is defined, behind what is imported",
			module(
				section(secType, vec(noArgs, i32toI)),
				imported("\x00\x00", "\x01\x70\x00\x01", "\x02\x00\x01", "\x03\x7f\x00", "\x04\x00\x00"),
				section(secFunction, vec("\x01")),
				section(secTable, vec("\x6f\x00\x02", "\x40\x00\x70\x00\x03\xd0\x70\x0b", "\x70\x00\x04")),
				section(secMemory, vec("\x00\x02")),
				section(secTag, vec("\x00\x01")),
				section(secGlobal, vec("\x7e\x00\x42\x80\x80\x00\x0b", "\x7d\x01\x43abcd\x0b")),
				section(secExport, vec(
					name("f")+"\x00\x01", name("t")+"\x01\x01", name("u")+"\x01\x02", name("v")+"\x01\x03",
					name("m")+"\x02\x01", name("g")+"\x03\x01", name("h")+"\x03\x02", name("e")+"\x04\x01",
				)),
			),
			"(func) (table 1 funcref) (memory 1) (global i32) (tag) " +
				"(func (param i32) (result i64)) (table 2 externref) (table 3 funcref) (table 4 funcref) " +
				"(memory 2) (global i64) (global (mut f32)) (tag (param i32) (result i64))",
		},
		{
			"initialisers of every form",
			module(
				section(secGlobal, vec(
					"\x7f\x00\x23\x00\x41\x7f\x6a\x0b", "\x7c\x00\x44abcdefgh\x0b", "\x7b\x00\xfd\x0c0123456789abcdef\x0b",
					"\x70\x00\xd2\x00\x0b", "\x6f\x00\xd0\x6f\x0b", "\x64\x05\x00\x41\x01\xfb\x00\x05\x0b",
					"\x64\x05\x00\xfb\x08\x05\x00\x0b", "\x6c\x00\x41\x01\xfb\x1c\x0b", "\x7e\x01\x42\x00\x0b",
				)),
				section(secExport, vec(name("g")+"\x03\x08")),
			),
			"(global (mut i64))",
		},
		{
			"an initialiser that is not known",
			module(
				section(secGlobal, vec("\x7f\x00\x41\x00\x0b", "\x7f\x00\xff\x00\x0b", "\x7f\x00\x41\x00\x0b")),
				section(secExport, vec(name("a")+"\x03\x00", name("b")+"\x03\x01", name("c")+"\x03\x02")),
			),
			"(global i32) (global i32) (global)",
		},
		{
			"a table's initialiser that is not known",
			module(
				section(secTable, vec("\x40\x00\x70\x00\x03\xfb\xff\x01\x0b", "\x70\x00\x04")),
				section(secExport, vec(name("a")+"\x01\x00", name("b")+"\x01\x01")),
			),
			"(table 3 funcref) (table)",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			info, err := Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if got := typesOf(info); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestAccepts(t *testing.T) {
	fn := func(params ...ValueType) ExternType {
		return ExternType{Kind: KindFunc, Func: &FuncType{Params: params}}
	}
	mem := func(l Limits) ExternType { return ExternType{Kind: KindMemory, Memory: &l} }
	table := func(e ValueType, l Limits) ExternType { return ExternType{Kind: KindTable, Table: &TableType{e, l}} }
	global := func(v ValueType, mutable bool) ExternType {
		return ExternType{Kind: KindGlobal, Global: &GlobalType{v, mutable}}
	}
	one, two := Limits{Min: 1}, Limits{Min: 2}
	oneToThree, oneToTwo := Limits{Min: 1, Max: ptr(3)}, Limits{Min: 1, Max: ptr(2)}
	structref, i31ref := ValueType(0x6b), ValueType(0x6c)
	for _, tt := range []struct {
		name       string
		want, have ExternType
		ok         bool
	}{
		{"the same function", fn(I32, F64), fn(I32, F64), true},
		{"another parameter", fn(I32), fn(I64), false},
		{"fewer parameters", fn(I32, I32), fn(I32), false},
		{"another result", ExternType{Kind: KindFunc, Func: &FuncType{Results: []ValueType{I32}}}, fn(), false},
		{"a reference for a number", fn(FuncRef), fn(I32), false},
		{"references of two families", fn(FuncRef), fn(ExternRef), false},
		{"an own type, which may be any", fn(FuncRef), fn(Ref), true},
		{"two own types", fn(Ref), fn(Ref), true},
		{"an own type for a number", fn(I32), fn(Ref), false},
		{"an unknown signature", ExternType{}, fn(I32), true},
		{"other kinds", fn(), mem(one), false},
		{"unknown types of other kinds", ExternType{Kind: KindTag}, ExternType{Kind: KindGlobal}, false},
		{"tags", ExternType{Kind: KindTag, Func: &FuncType{}}, ExternType{Kind: KindTag, Func: &FuncType{Params: []ValueType{I32}}}, false},

		{"a larger memory", mem(one), mem(two), true},
		{"a smaller memory", mem(two), mem(one), false},
		{"a memory without a maximum", mem(oneToTwo), mem(one), false},
		{"a maximum that is too large", mem(oneToTwo), mem(oneToThree), false},
		{"a maximum that is smaller", mem(oneToThree), mem(oneToTwo), true},
		{"a maximum that nobody asks for", mem(one), mem(oneToTwo), true},
		{"a shared memory", mem(one), mem(Limits{Min: 1, Shared: true}), false},
		{"a memory of 64 bits", mem(one), mem(Limits{Min: 1, Is64: true}), false},
		{"pages of another size", mem(one), mem(Limits{Min: 1, PageLog: 1}), false},

		{"the same table", table(FuncRef, one), table(FuncRef, two), true},
		{"a table of other elements", table(FuncRef, one), table(ExternRef, one), false},
		{"a table of elements that are not null", table(FuncRef, one), table(FuncRef|NonNull, one), false},
		{"a table of an own type", table(FuncRef, one), table(Ref, one), true},
		{"a table that is too small", table(FuncRef, two), table(FuncRef, one), false},

		{"the same global", global(I32, true), global(I32, true), true},
		{"a constant for a variable", global(I32, true), global(I32, false), false},
		{"a variable for a constant", global(I32, false), global(I32, true), false},
		{"a global of another type", global(I32, false), global(F32, false), false},
		{"a constant that is never null", global(FuncRef, false), global(FuncRef|NonNull, false), true},
		{"a constant that may be null", global(FuncRef|NonNull, false), global(FuncRef, false), false},
		{"a constant of a subtype", global(AnyRef, false), global(i31ref, false), true},
		{"a constant of an own type, not null", global(structref|NonNull, false), global(Ref, false), true},
		{"a variable of a subtype", global(AnyRef, true), global(i31ref, true), false},
		{"a variable of an own type", global(AnyRef, true), global(Ref, true), true},
	} {
		if got := tt.want.Accepts(tt.have); got != tt.ok {
			t.Errorf("%s: %s for %s: %v, want %v", tt.name, tt.have, tt.want, got, tt.ok)
		}
	}
}

// elsewhere reads a module that lies elsewhere, and counts the bytes that it takes.
func elsewhere(in []byte, size uint32) (info *Info, copied int, err error) {
	info, err = Read(size, func(off uint32, dst []byte) bool {
		if uint64(off)+uint64(len(dst)) > uint64(size) {
			panic("read beyond the size")
		}
		copied += len(dst)
		if int(off)+len(dst) > len(in) {
			return false
		}
		copy(dst, in[off:])
		return true
	})
	return info, copied, err
}

func TestReadTakesTheHeadAlone(t *testing.T) {
	large := strings.Repeat("x", 1<<20)
	in := module(
		section(secCustom, large), section(secType, vec(i32toI)), section(secCustom, large),
		section(secFunction, vec("\x00")), section(secExport, vec(name("f")+"\x00\x00")),
		section(secElement, large), section(secCode, large), section(secData, large), section(secCustom, large),
	)
	info, copied, err := elsewhere(in, uint32(len(in)))
	if err != nil || typesOf(info) != "(func (param i32) (result i64))" {
		t.Fatalf("%+v, %v", info, err)
	}
	if copied > 100 {
		t.Errorf("%d bytes were copied", copied)
	}
}

// TestReadIsBounded: what a module says of its size is not to be trusted.
func TestReadIsBounded(t *testing.T) {
	const most = 1<<32 - 1
	for _, tt := range []struct {
		name   string
		in     []byte
		size   uint32
		reason string
	}{
		{"nothing", nil, 0, "not a WebAssembly core module"},
		{"a source without bytes", nil, most, "cannot be read"},
		{"a section that is huge", module("\x01\xf0\xff\xff\xff\x0f"), most, "cannot be read"},
		{"a section that is not there", module("\x01\x80\x80\x80\x01"), most, "cannot be read"},
		{"sections without end", module(strings.Repeat("\x00\x00", maxSections+1)), 8 + 2*maxSections + 2, "too many sections"},
		{"more items than bytes", module(section(secImport, leb(900_000)+"abc")), 16, "more items than bytes"},
	} {
		var info *Info
		var err error
		allocated := testing.AllocsPerRun(1, func() { info, _, err = elsewhere(tt.in, tt.size) })
		var format *FormatError
		if info != nil || !errors.As(err, &format) || format.Reason != tt.reason {
			t.Errorf("%s: %v, %v", tt.name, info, err)
		}
		if allocated > 100 {
			t.Errorf("%s: %v allocations", tt.name, allocated)
		}
	}
}

// TestHeadAlone: a module without its code tells as much as a whole one.
func TestHeadAlone(t *testing.T) {
	head := module(section(secType, vec(i32toI)), section(secFunction, vec("\x00")), section(secExport, vec(name("f")+"\x00\x00")))
	for _, rest := range []string{"", "\x0a", "\x0a\xff\xff\xff\xff\x0f", section(secCode, "?")} {
		info, err := Parse(append(bytes.Clone(head), rest...))
		if err != nil || len(info.Exports) != 1 {
			t.Errorf("%q behind it: %+v, %v", rest, info, err)
		}
	}
}

// Whatever the bytes, and however many there really are: reading a module from
// elsewhere gives what reading it here gives.
func FuzzRead(f *testing.F) {
	f.Add(section(secType, vec(noArgs, i32toI, refType))+imported("\x00\x01", "\x02\x01\x01\x02"), uint32(60))
	f.Add(section(secTable, vec("\x40\x00\x70\x00\x03\xd0\x70\x0b"))+section(secGlobal, vec("\x7e\x00\x42\x00\x0b"))+
		section(secExport, vec(name("g")+"\x03\x00", name("t")+"\x01\x00")), uint32(1000))
	f.Fuzz(func(t *testing.T, text string, size uint32) {
		in := module(text)
		info, _, err := elsewhere(in, min(size, uint32(len(in))))
		here, hereErr := Parse(in[:min(int(size), len(in))])
		if !reflect.DeepEqual(info, here) || (err == nil) != (hereErr == nil) {
			t.Fatalf("%+v, %v; here %+v, %v", info, err, here, hereErr)
		}
		// A header is read as if it had six bytes, and may have two.
		if info, copied, _ := elsewhere(in, size); info != nil && copied > 4*len(in)+16 {
			t.Fatalf("%d bytes copied of %d", copied, len(in))
		} else if info != nil {
			_ = typesOf(info)
		}
	})
}
