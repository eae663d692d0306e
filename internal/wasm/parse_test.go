package wasm

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"strings"
	"testing"
)

// vec is a vector of items that are encoded already.
func vec(items ...string) string {
	return leb(len(items)) + strings.Join(items, "")
}

func leb(n int) string { return string(binary.AppendUvarint(nil, uint64(n))) }

func name(s string) string { return leb(len(s)) + s }

func section(id byte, contents string) string {
	return string(id) + leb(len(contents)) + contents
}

func module(sections ...string) []byte {
	return []byte(string(magic) + strings.Join(sections, ""))
}

const (
	noArgs  = "\x60\x00\x00"
	i32toI  = "\x60\x01\x7f\x01\x7e" // (i32) -> (i64)
	refType = "\x60\x01\x63\x6b\x01\x6f"
)

func function(t *FuncType) ExternType { return ExternType{Kind: KindFunc, Func: t} }

func ptr(n uint64) *uint64 { return &n }

func TestParse(t *testing.T) {
	toI := &FuncType{Params: []ValueType{I32}, Results: []ValueType{I64}}
	none := &FuncType{Params: []ValueType{}, Results: []ValueType{}}
	one := Limits{Min: 1, PageLog: 16}
	for _, tt := range []struct {
		name string
		in   []byte
		want Info
	}{
		{"empty", module(), Info{}},
		{
			"imports of every kind",
			module(
				section(secType, vec(noArgs, i32toI)),
				section(secImport, vec(
					name("m")+name("f")+"\x00\x01",
					name("m")+name("t")+"\x01\x70\x01\x01\x02",
					name("m")+name("mem")+"\x02\x01\x01\x80\x80\x04",
					name("")+name("g")+"\x03\x7f\x01",
					name("m")+name("tag")+"\x04\x00\x00",
				)),
			),
			Info{
				Imports: []Import{
					{Module: "m", Name: "f", ExternType: function(toI)},
					{Module: "m", Name: "t", ExternType: ExternType{Kind: KindTable, Table: &TableType{FuncRef, Limits{Min: 1, Max: ptr(2), PageLog: 16}}}},
					{Module: "m", Name: "mem", ExternType: ExternType{Kind: KindMemory, Memory: &Limits{Min: 1, Max: ptr(65536), PageLog: 16}}},
					{Name: "g", ExternType: ExternType{Kind: KindGlobal, Global: &GlobalType{I32, true}}},
					{Module: "m", Name: "tag", ExternType: ExternType{Kind: KindTag, Func: none}},
				},
				Memories: []Limits{{Min: 1, Max: ptr(65536), PageLog: 16}},
			},
		},
		{
			"exports, an imported function first",
			module(
				section(secType, vec(noArgs, i32toI)),
				section(secImport, vec(name("m")+name("f")+"\x00\x01")),
				section(secFunction, vec("\x00")),
				section(secMemory, vec("\x00\x01")),
				section(secExport, vec(
					name("again")+"\x00\x00", name("_start")+"\x00\x01", name("memory")+"\x02\x00",
				)),
				section(secStart, "\x01"),
			),
			Info{
				Imports: []Import{{Module: "m", Name: "f", ExternType: function(toI)}},
				Exports: []Export{
					{Name: "again", ExternType: function(toI)},
					{Name: "_start", Index: 1, ExternType: function(none)},
					{Name: "memory", ExternType: ExternType{Kind: KindMemory, Memory: &one}},
				},
				Memories: []Limits{one},
				HasStart: true,
			},
		},
		{
			"types of later proposals count",
			module(
				section(secType, vec(
					"\x4e\x02\x5f\x02\x78\x00\x7f\x01\x50\x01\x00\x5e\x63\x00\x01", // a group of struct and array
					refType, "\x4f\x00"+i32toI,
				)),
				section(secFunction, vec("\x03")),
				section(secExport, vec(name("f")+"\x00\x00")),
			),
			Info{Exports: []Export{{Name: "f", ExternType: function(toI)}}},
		},
		{
			"limits of later proposals",
			module(section(secMemory, vec("\x07\x01\x80\x80\x80\x80\x80\x01", "\x08\x05\x00"))),
			Info{Memories: []Limits{
				{Min: 1, Max: ptr(1 << 35), Shared: true, Is64: true, PageLog: 16}, {Min: 5, PageLog: 0},
			}},
		},
		{
			"custom sections anywhere, and unread ones",
			module(
				section(secCustom, name("x")), section(secType, vec()), section(secCustom, ""),
				section(secElement, "?"), section(secDataCount, "?"), section(secCode, "?"), section(secData, "?"),
			),
			Info{},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse(tt.in)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Imports) == 0 {
				got.Imports = nil
			}
			if len(got.Exports) == 0 {
				got.Exports = nil
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}

func TestParseRejects(t *testing.T) {
	for _, tt := range []struct {
		name   string
		in     []byte
		offset int
		reason string
	}{
		{"nothing", nil, 0, "not a WebAssembly core module"},
		{"text", []byte("(module)"), 0, "not a WebAssembly core module"},
		{"component", []byte("\x00asm\x0d\x00\x01\x00"), 0, "not a WebAssembly core module"},
		{"section without size", module("\x01"), 9, "unexpected end"},
		{"section longer than the module", module("\x01\x05\x00"), 10, "unexpected end"},
		{"section longer than its contents", module("\x01\x02\x00\x00"), 11, "section longer than its contents"},
		{"contents longer than their section", module("\x01\x02\x01\x60", "\x00\x00"), 12, "unexpected end"},
		{"twice the same section", module(section(1, vec()), section(1, vec())), 11, "section out of order"},
		{"sections in the wrong order", module(section(2, vec()), section(1, vec())), 11, "section out of order"},
		{"tags after globals", module(section(secGlobal, vec()), section(secTag, vec())), 11, "section out of order"},
		{"unknown section", module(section(14, "")), 8, "unknown section"},
		{"more items than bytes", module(section(2, leb(900_000)+"abc")), 10, "more items than bytes"},
		{"too many items", module(section(1, leb(1_000_001)+"abc")), 10, "too many items"},
		{"number too large", module("\x01\x80\x80\x80\x80\x10"), 9, "number too large"},
		{"number too long", module("\x01\x80\x80\x80\x80\x80\x00"), 9, "number too large"},
		{"unknown form", module(section(1, vec("\x11"))), 11, "unknown form of type"},
		{"unknown value type", module(section(1, vec("\x60\x01\x11\x00"))), 13, "unknown value type"},
		{"heap type too long", module(section(1, vec("\x60\x01\x63\xff\xff\xff\xff\xff\xff"))), 14, "number too large"},
		{"name is not UTF-8", module(section(2, vec(name("\xff")+name("")+"\x03\x7f\x00"))), 12, "name is not UTF-8"},
		{"unknown kind of import", module(section(2, vec(name("")+name("")+"\x05\x00"))), 13, "unknown kind of import"},
		{"import of no type", module(section(2, vec(name("")+name("")+"\x00\x00"))), 14, "no such type"},
		{"function of no type", module(section(3, vec("\x00"))), 11, "no such type"},
		{"unknown limits", module(section(5, vec("\x10\x00"))), 11, "unknown flags of limits"},
		{"unknown kind of export", module(section(7, vec(name("")+"\x05\x00"))), 12, "unknown kind of export"},
		{"export of no function", module(section(7, vec(name("")+"\x00\x00"))), 13, "no such function"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.in)
			var format *FormatError
			if !errors.As(err, &format) {
				t.Fatalf("got error %v", err)
			}
			if format.Offset != tt.offset || format.Reason != tt.reason {
				t.Errorf("got %q at %d, want %q at %d", format.Reason, format.Offset, tt.reason, tt.offset)
			}
		})
	}
}

// Data must not choose how deep Go recurses.
func TestParseManyLevels(t *testing.T) {
	const levels = 1_000_000
	groups := strings.Repeat("\x4e\x01", levels)
	in := module(section(secType, vec(groups+noArgs)), section(secFunction, vec("\x00")))
	if _, err := Parse(in); err != nil {
		t.Fatal(err)
	}
	in = module(section(secType, leb(1)+strings.Repeat("\x4e\xc0\x84\x3d", levels)))
	if _, err := Parse(in); err == nil {
		t.Fatal("groups without end are no error")
	}
}

func TestLookUp(t *testing.T) {
	info := Info{
		Imports: []Import{{Module: "a", Name: "x"}, {Module: "b", Name: "x", ExternType: ExternType{Kind: KindMemory}}},
		Exports: []Export{{Name: "f"}, {Name: "m", ExternType: ExternType{Kind: KindMemory}}},
	}
	if m := info.Import("b", "x"); m == nil || m.Kind != KindMemory {
		t.Errorf("got %v", m)
	}
	if m := info.Import("c", "x"); m != nil {
		t.Errorf("got %v", m)
	}
	if e := info.Export("m"); e == nil || e.Kind != KindMemory {
		t.Errorf("got %v", e)
	}
	if e := info.Export(""); e != nil {
		t.Errorf("got %v", e)
	}
}

func TestFuncType(t *testing.T) {
	all := FuncType{
		Params:  []ValueType{I32, I64, F32, F64, V128, FuncRef, ExternRef, Ref},
		Results: []ValueType{I32},
	}
	if got, want := all.String(), "(i32, i64, f32, f64, v128, funcref, externref, ref) -> (i32)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if all.Equal(all) {
		t.Error("types that merely are references were taken to be equal")
	}
	a := FuncType{Params: []ValueType{I32}}
	for _, b := range []FuncType{{}, {Params: []ValueType{I64}}, {Params: []ValueType{I32}, Results: []ValueType{I32}}} {
		if a.Equal(b) {
			t.Errorf("%s equals %s", a, b)
		}
	}
	if !a.Equal(FuncType{Params: []ValueType{I32}, Results: []ValueType{}}) {
		t.Error("a type does not equal itself")
	}
}

// Whatever the bytes: no panic, an error within the module or a complete result,
// and nothing in it that points back into the bytes.
func FuzzParse(f *testing.F) {
	f.Add(module(
		section(secType, vec(noArgs, i32toI, refType)),
		section(secImport, vec(name("m")+name("f")+"\x00\x01", name("m")+name("mem")+"\x02\x01\x01\x02")),
		section(secFunction, vec("\x00")),
		section(secExport, vec(name("f")+"\x00\x01", name("memory")+"\x02\x00")),
		section(secStart, "\x01"),
	))
	f.Fuzz(func(t *testing.T, in []byte) {
		in = append(bytes.Clone(magic), in...)
		info, err := Parse(in)
		if err != nil {
			var format *FormatError
			if !errors.As(err, &format) || format.Offset < 0 || format.Offset > len(in) {
				t.Fatalf("error %v for %d bytes", err, len(in))
			}
			return
		}
		again, _ := Parse(bytes.Clone(in))
		clear(in)
		if !reflect.DeepEqual(info, again) {
			t.Fatal("the result changed with the bytes")
		}
	})
}
