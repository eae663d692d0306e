package wasm

import (
	"math"
	"testing"
)

// TestBuilder reads back what has been built; that engines take it too is what the
// tests of circles show.
func TestBuilder(t *testing.T) {
	many := make([]ValueType, 200)
	for i := range many {
		many[i] = I64
	}
	most := uint64(70_000)
	var b Builder
	f := b.ImportFunction("m", "f", FuncType{Params: []ValueType{F32, V128}, Results: []ValueType{I32}})
	tab := b.ImportTable("m", "t", TableType{ExternRef, Limits{Min: 300}})
	g := b.Function(FuncType{Params: many}, []byte{opUnreachable})
	h := b.Function(FuncType{Params: []ValueType{FuncRef | NonNull, AnyRef}}, nil)
	same := b.Function(FuncType{Params: many}, nil)
	own := b.Table(TableType{FuncRef, Limits{Min: 1, Max: &most}})
	fixed, variable := b.Global(false, math.MinInt32), b.Global(true, 64)
	b.Elements([]uint32{f, g, h})
	b.Export("f", KindFunc, f)
	b.Export("h", KindFunc, h)
	b.Export("t", KindTable, tab)
	b.Export("own", KindTable, own)
	b.Export("fixed", KindGlobal, fixed)
	b.Export("variable", KindGlobal, variable)
	info, err := Parse(b.Module())
	if err != nil {
		t.Fatal(err)
	}
	const want = "(func (param f32 v128) (result i32)) (table 300 externref) " +
		"(func (param f32 v128) (result i32)) (func (param (ref func) anyref)) (table 300 externref) (table 1 70000 funcref) (global i32) (global (mut i32))"
	if got := typesOf(info); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if f != 0 || g != 1 || h != 2 || same != 3 || own != 1 || variable != 1 || len(b.signatures) != 3 {
		t.Errorf("indices %d %d %d %d, %d, %d; %d types", f, g, h, same, own, variable, len(b.signatures))
	}
	if empty := (&Builder{}).Module(); string(empty) != string(magic) {
		t.Errorf("an empty module is %q", empty)
	}
}

func TestSigned(t *testing.T) {
	for n, want := range map[int32]string{
		0: "\x00", 63: "\x3f", 64: "\xc0\x00", -1: "\x7f", -64: "\x40", -65: "\xbf\x7f",
		math.MaxInt32: "\xff\xff\xff\xff\x07", math.MinInt32: "\x80\x80\x80\x80\x78",
	} {
		var s items
		if got := string(s.signed(n).data); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

func TestPortable(t *testing.T) {
	if !(FuncType{Params: []ValueType{FuncRef, AnyRef | NonNull, V128}}).Portable() {
		t.Error("abstract types are the same everywhere")
	}
	if (FuncType{Results: []ValueType{I32, Ref}}).Portable() {
		t.Error("an own type is taken to be one everywhere")
	}
}

func TestParseValueType(t *testing.T) {
	for _, v := range []ValueType{I32, I64, F32, F64, V128, FuncRef, ExternRef, AnyRef, ExnRef, 0x73} {
		if got, ok := ParseValueType(v.String()); !ok || got != v {
			t.Errorf("%s: %s, %v", v, got, ok)
		}
	}
	for _, s := range []string{"", "ref", "i8", "I32", "(ref func)"} {
		if got, ok := ParseValueType(s); ok {
			t.Errorf("%q: %s", s, got)
		}
	}
}

func TestCrosses(t *testing.T) {
	for v, want := range map[ValueType]bool{I32: true, I64: true, F64: true, ExternRef: true, FuncRef: true, Ref: true, V128: false, ExnRef: false, 0x74: false} {
		if v.Crosses() != want {
			t.Errorf("%s: %v", v, !want)
		}
	}
}
