package wasm

import (
	"strconv"
	"strings"
)

// ExternType is what the type of an import or export tells (core spec §2.3.8). The
// part that belongs to its kind is nil where that could not be read.
type ExternType struct {
	Kind Kind
	// Func is the signature of a function or tag.
	Func   *FuncType
	Table  *TableType
	Memory *Limits
	Global *GlobalType
}

// TableType is the type of a table.
type TableType struct {
	Elem ValueType
	Limits
}

// GlobalType is the type of a global.
type GlobalType struct {
	Value   ValueType
	Mutable bool
}

// String gives the type in the terms of the text format, such as
// "(func (param i32 i64) (result i32))", "(memory 1 2)" or "(global (mut i32))". Of
// a type that is not known it gives the kind, such as "(func)".
func (t ExternType) String() string {
	var b strings.Builder
	b.WriteString("(" + t.Kind.keyword())
	switch {
	case t.Func != nil:
		t.Func.clauses(&b)
	case t.Table != nil:
		t.Table.Limits.write(&b)
		b.WriteString(" " + t.Table.Elem.String())
	case t.Memory != nil:
		t.Memory.write(&b)
	case t.Global != nil && t.Global.Mutable:
		b.WriteString(" (mut " + t.Global.Value.String() + ")")
	case t.Global != nil:
		b.WriteString(" " + t.Global.Value.String())
	}
	b.WriteByte(')')
	return b.String()
}

// keyword is how the text format begins what is of the kind.
func (k Kind) keyword() string {
	if k > KindTag {
		return "unknown"
	}
	return [...]string{"func", "table", "memory", "global", "tag"}[k]
}

func (t *FuncType) clauses(b *strings.Builder) {
	for _, c := range []struct {
		word  string
		types []ValueType
	}{{" (param", t.Params}, {" (result", t.Results}} {
		if len(c.types) == 0 {
			continue
		}
		b.WriteString(c.word)
		for _, v := range c.types {
			b.WriteString(" " + v.String())
		}
		b.WriteByte(')')
	}
}

func (l Limits) write(b *strings.Builder) {
	if l.Is64 {
		b.WriteString(" i64")
	}
	b.WriteString(" " + strconv.FormatUint(l.Min, 10))
	if l.Max != nil {
		b.WriteString(" " + strconv.FormatUint(*l.Max, 10))
	}
	if l.Shared {
		b.WriteString(" shared")
	}
	if l.PageLog != defaultPageLog {
		b.WriteString(" (pagesize " + strconv.FormatUint(1<<l.PageLog, 10) + ")")
	}
}

// Accepts says whether an import of type t can be given something of type u: import
// matching (core spec §3.5.3), with the sizes that memories and tables have at
// first. It is false only if it is certain that an engine would refuse: what is not
// known of the types is taken to match.
func (t ExternType) Accepts(u ExternType) bool {
	if t.Kind != u.Kind {
		return false
	}
	switch {
	case t.Func != nil && u.Func != nil:
		return !t.Func.differs(*u.Func)
	case t.Table != nil && u.Table != nil:
		return t.Table.accepts(*u.Table)
	case t.Memory != nil && u.Memory != nil:
		return t.Memory.accepts(*u.Memory)
	case t.Global != nil && u.Global != nil:
		return t.Global.accepts(*u.Global)
	}
	return true
}

// A table is written to as well as read, so its elements are of the very type.
func (t TableType) accepts(u TableType) bool {
	return t.Elem.same(u.Elem) && t.Limits.accepts(u.Limits)
}

func (l Limits) accepts(have Limits) bool {
	return have.Min >= l.Min && (l.Max == nil || have.Max != nil && *have.Max <= *l.Max) &&
		have.Shared == l.Shared && have.Is64 == l.Is64 && have.PageLog == l.PageLog
}

func (t GlobalType) accepts(u GlobalType) bool {
	if t.Mutable != u.Mutable {
		return false
	}
	return t.Mutable && t.Value.same(u.Value) || !t.Mutable && !t.Value.differs(u.Value) &&
		(t.Value&NonNull == 0 || u.Value&NonNull != 0 || u.Value == Ref)
}

// same says whether the types can be the same one.
func (t ValueType) same(u ValueType) bool {
	return t == u || (t == Ref || u == Ref) && !t.differs(u)
}
