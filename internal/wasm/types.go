// Package wasm reads the WebAssembly binary format: no engine and no JavaScript
// behind it, so that the same code serves the page, the command line and tests.
//
// Everything in it is iterative and bounded by the size of its input, because
// modules come from strangers and a recursion that they steer would take the
// whole core down.
package wasm

import "strings"

// ValueType is a value type. Numbers, vectors and nullable references to abstract
// heap types are the byte by which the binary format encodes them (core spec §5.3);
// [NonNull] is added for references that may not be null.
type ValueType uint16

// The number and vector types, and reference types of the 2.0 and 3.0 specs.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
	AnyRef    ValueType = 0x6e
	ExnRef    ValueType = 0x69
	// Ref stands for a reference to any other type, such as one that the module
	// defines: what encodes it there says nothing elsewhere.
	Ref ValueType = 0x64
	// NonNull marks a reference that may not be null.
	NonNull ValueType = 0x100
)

// heapType is an abstract heap type (core spec §3.0 §2.3.3).
type heapType struct {
	name, shorthand string
	top             ValueType // what it and all its relatives are subtypes of
}

// heapTypes are those that are known, from 0x69 on.
var heapTypes = [...]heapType{
	{"exn", "exnref", ExnRef}, {"array", "arrayref", AnyRef}, {"struct", "structref", AnyRef},
	{"i31", "i31ref", AnyRef}, {"eq", "eqref", AnyRef}, {"any", "anyref", AnyRef},
	{"extern", "externref", ExternRef}, {"func", "funcref", FuncRef}, {"none", "nullref", AnyRef},
	{"noextern", "nullexternref", ExternRef}, {"nofunc", "nullfuncref", FuncRef}, {"noexn", "nullexnref", ExnRef},
}

// heap gives what a reference refers to; the zero value if that is not known.
func (t ValueType) heap() heapType {
	if i := int(t&^NonNull) - int(ExnRef); i >= 0 && i < len(heapTypes) {
		return heapTypes[i]
	}
	return heapType{}
}

// String gives the type as the text format names it; [Ref] is "ref".
func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	}
	heap := t.heap()
	switch {
	case heap.top == 0:
		return "ref"
	case t&NonNull != 0:
		return "(ref " + heap.name + ")"
	}
	return heap.shorthand
}

// ParseValueType is the inverse of [ValueType.String] for the numbers, v128 and the
// shorthands of references, such as "externref"; ok is false for any other text.
func ParseValueType(s string) (t ValueType, ok bool) {
	for t := ExnRef; t <= I32; t++ {
		if t.String() == s && s != Ref.String() {
			return t, true
		}
	}
	return 0, false
}

// IsRef says whether values of the type are references.
func (t ValueType) IsRef() bool { return t < V128 || t&NonNull != 0 }

// Crosses says whether JavaScript can carry values of the type (WebAssembly
// JavaScript interface, ToWebAssemblyValue).
func (t ValueType) Crosses() bool { return t != V128 && t.heap().top != ExnRef }

// differs says whether it is certain that no value of one type is of the other.
func (t ValueType) differs(u ValueType) bool {
	if t == u {
		return false
	}
	a, b := t.heap().top, u.heap().top
	return !t.IsRef() || !u.IsRef() || a != 0 && b != 0 && a != b
}

// FuncType is the signature of a function.
type FuncType struct {
	Params, Results []ValueType
}

// String gives the signature in a short form, such as "(i32, i64) -> (i32)".
func (t FuncType) String() string {
	return "(" + list(t.Params) + ") -> (" + list(t.Results) + ")"
}

// Equal says whether two functions have the same signature.
func (t FuncType) Equal(u FuncType) bool {
	return same(t.Params, u.Params) && same(t.Results, u.Results)
}

// differs says whether it is certain that the signatures are of two types, neither
// of which is a subtype of the other.
func (t FuncType) differs(u FuncType) bool {
	return anyDiffers(t.Params, u.Params) || anyDiffers(t.Results, u.Results)
}

func anyDiffers(a, b []ValueType) bool {
	if len(a) != len(b) {
		return true
	}
	for i := range a {
		if a[i].differs(b[i]) {
			return true
		}
	}
	return false
}

func list(types []ValueType) string {
	var b strings.Builder
	for i, t := range types {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.String())
	}
	return b.String()
}

// Two types that are merely [Ref] need not be the same one, so they never are.
func same(a, b []ValueType) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] || a[i] == Ref {
			return false
		}
	}
	return true
}
