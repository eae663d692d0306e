package wasm

import "strconv"

// What a module of [Trampoline] exports beside its functions.
const (
	// TrampolineTable is the table into which the functions' targets are put.
	TrampolineTable = "table"
	// TrampolineEarly is a global of type i32, mutable: 0, or the number of the
	// function that was called before it had a target.
	TrampolineEarly = "early"
)

// Trampoline makes a module with a function of each type, for somebody to import
// before there is what he is to call. They are exported as "0", "1" and so on. Each
// calls what is in its place in a table. That is at first a function that notes its
// number, counting from first, and traps. All types are [FuncType.Portable].
func Trampoline(types []FuncType, first int32) []byte {
	var b Builder
	n := uint64(len(types))
	early := b.Global(true, 0)
	b.Export(TrampolineEarly, KindGlobal, early)
	b.Export(TrampolineTable, KindTable, b.Table(TableType{FuncRef, Limits{Min: n, Max: &n}}))
	var stubs []uint32
	for i, t := range types {
		var body items
		body.put(opI32Const).signed(first + int32(i)).put(opGlobalSet).number(early).put(opUnreachable)
		stubs = append(stubs, b.Function(t, body.data))
	}
	b.Elements(stubs)
	for i, t := range types {
		var body items
		for p := range t.Params {
			body.put(opLocalGet).number(uint32(p))
		}
		body.put(opI32Const).signed(int32(i)).put(opCallIndirect).number(b.typeIndex(t)).put(0)
		b.Export(strconv.Itoa(i), KindFunc, b.Function(t, body.data))
	}
	return b.Module()
}
