// Package wasm reads the WebAssembly binary format: no engine and no JavaScript
// behind it, so that the same code serves the page, the command line and tests.
//
// Everything in it is iterative and bounded by the size of its input, because
// modules come from strangers and a recursion that they steer would take the
// whole core down.
package wasm

import "strings"

// ValueType is a value type as the binary format encodes it (core spec §5.3.5).
type ValueType byte

// The number and vector types and the two reference types of the 2.0 spec.
const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
	// Ref stands for any other reference type, such as those of the garbage
	// collection proposal, whose encoding is longer than a byte.
	Ref ValueType = 0x64
)

// String gives the type as the text format names it.
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
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "ref"
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
