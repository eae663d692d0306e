package enginetest

import (
	"embed"
	"slices"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/wasm"
)

//go:embed testdata/*.wasm
var modules embed.FS

// Engine is the suite that every engine passes: what compiles, what does not, and
// how a module's imports and exports are described.
func Engine(t *testing.T, e engine.Engine) {
	t.Run("modules", func(t *testing.T) { descriptions(t, e) })
	t.Run("no modules", func(t *testing.T) { refusals(t, e) })
	t.Run("copies", func(t *testing.T) { keepsNothing(t, e) })
}

func module(t *testing.T, name string) []byte {
	t.Helper()
	data, err := modules.ReadFile("testdata/" + name + ".wasm")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func descriptions(t *testing.T, e engine.Engine) {
	for _, tt := range []struct {
		name    string
		imports []engine.Import
		exports []engine.Export
		types   string // of imports and exports
	}{
		{"empty", nil, nil, ""},
		{
			"everything",
			[]engine.Import{
				{Module: "extism:host/env", Name: "alloc", Kind: engine.KindFunction},
				{Module: "env", Name: "memory", Kind: engine.KindMemory},
				{Module: "env", Name: "table", Kind: engine.KindTable},
				{Module: "env", Name: "global", Kind: engine.KindGlobal},
				{Module: "e", Name: "", Kind: engine.KindFunction},
				{Module: "näme\x00", Name: "\x01z😀", Kind: engine.KindFunction},
			},
			[]engine.Export{
				{Name: "function", Kind: engine.KindFunction},
				{Name: "", Kind: engine.KindFunction},
				{Name: "\x00\x01o", Kind: engine.KindFunction},
				{Name: "memory", Kind: engine.KindMemory},
				{Name: "table", Kind: engine.KindTable},
				{Name: "global", Kind: engine.KindGlobal},
				{Name: "alloc again", Kind: engine.KindFunction},
			},
			"(func (param i64) (result i64)) (memory 1) (table 1 funcref) (global i32) (func) (func) " +
				"(func) (func) (func) (memory 1) (table 1 funcref) (global i32) (func (param i64) (result i64))",
		},
	} {
		m, err := e.Compile(module(t, tt.name))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		imports, exports, types := untyped(m)
		if !slices.Equal(imports, tt.imports) {
			t.Errorf("%s: imports %+v, want %+v", tt.name, imports, tt.imports)
		}
		if !slices.Equal(exports, tt.exports) {
			t.Errorf("%s: exports %+v, want %+v", tt.name, exports, tt.exports)
		}
		if types != tt.types {
			t.Errorf("%s: types %s, want %s", tt.name, types, tt.types)
		}
	}
}

// untyped describes a module, with the types apart.
func untyped(m engine.Module) (imports []engine.Import, exports []engine.Export, types string) {
	var all []string
	show := func(t **wasm.ExternType) {
		if *t == nil {
			all = append(all, "unknown")
		} else {
			all = append(all, (*t).String())
		}
		*t = nil
	}
	imports, exports = slices.Clone(m.Imports()), slices.Clone(m.Exports())
	for i := range imports {
		show(&imports[i].Type)
	}
	for i := range exports {
		show(&exports[i].Type)
	}
	return imports, exports, strings.Join(all, " ")
}

func refusals(t *testing.T, e engine.Engine) {
	whole := module(t, "everything")
	for name, data := range map[string][]byte{
		"nothing":        {},
		"text":           []byte("(module)"),
		"another format": []byte("\x7fELF\x02\x01\x01\x00"),
		"version 2":      []byte("\x00asm\x02\x00\x00\x00"),
		"a part":         whole[:len(whole)/2],
		// A function whose body is missing.
		"no code": []byte("\x00asm\x01\x00\x00\x00\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00"),
		// A function that promises an i32 and leaves nothing.
		"a wrong type": []byte("\x00asm\x01\x00\x00\x00\x01\x05\x01\x60\x00\x01\x7f\x03\x02\x01\x00\x0a\x04\x01\x02\x00\x0b"),
	} {
		if m, err := e.Compile(data); err == nil || m != nil {
			t.Errorf("%s: got %v, %v", name, m, err)
		} else if err.Error() == "" {
			t.Errorf("%s: the error says nothing", name)
		}
	}
}

// keepsNothing changes the bytes after they have been compiled.
func keepsNothing(t *testing.T, e engine.Engine) {
	data := slices.Clone(module(t, "everything"))
	m, err := e.Compile(data)
	if err != nil {
		t.Fatal(err)
	}
	clear(data)
	if n := len(m.Exports()); n != 7 {
		t.Errorf("%d exports after the bytes were cleared", n)
	}
}

// Memories is the suite for a memory of one page, all zero, that grow makes a page
// longer.
func Memories(t *testing.T, m engine.Memory, grow func()) {
	if m.Size() != engine.PageSize {
		t.Fatalf("size %d", m.Size())
	}
	bounds(t, m)
	m.Write(engine.PageSize-2, []byte{7, 8})
	b := []byte{1, 2, 3}
	if m.Read(engine.PageSize-2, b) || b[0] != 1 {
		t.Error("a read that fails must copy nothing")
	}
	if m.Write(engine.PageSize-2, b) || !m.Read(engine.PageSize-2, b[:2]) || b[0] != 7 || b[1] != 8 {
		t.Errorf("a write that fails must copy nothing: %v", b)
	}
	grow()
	if m.Size() != 2*engine.PageSize {
		t.Errorf("size %d after growth", m.Size())
	}
	if !m.Write(engine.PageSize, b) || !m.Read(engine.PageSize-2, b) || b[0] != 7 || b[2] != 7 {
		t.Errorf("after growth there is %v", b)
	}
	large := make([]byte, engine.PageSize)
	if !m.Read(engine.PageSize-2, large) || large[0] != 7 || large[1] != 8 {
		t.Error("a large read gives something else than small ones")
	}
}

func bounds(t *testing.T, m engine.Memory) {
	const size = engine.PageSize
	for _, tt := range []struct {
		off uint32
		n   int
		ok  bool
	}{
		{0, 0, true}, {0, size, true}, {0, size + 1, false}, {size - 1, 1, true}, {size - 1, 2, false},
		{size, 0, true}, {size + 1, 0, false}, {1<<32 - 1, 1, false}, {1<<32 - 1, 2, false}, {1<<31 + 1, 1, false},
	} {
		b := make([]byte, tt.n)
		if ok := m.Read(tt.off, b); ok != tt.ok {
			t.Errorf("Read(%d, %d bytes): %v", tt.off, tt.n, ok)
		}
		if ok := m.Write(tt.off, b); ok != tt.ok {
			t.Errorf("Write(%d, %d bytes): %v", tt.off, tt.n, ok)
		}
	}
}
