package wazeroengine

import (
	"context"
	"encoding/binary"

	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/internal/wasm"
)

// host makes an anonymous module of Go functions for what a fixed module imports
// from one module name. A function gets its arguments in the order of its
// signature; the slice is large enough for the result, which it returns.
func (e *Engine) host(ctx context.Context, importer *wasm.Info, module string, answer func(name string) func(args []uint64) uint64) (*Instance, error) {
	// It needs a name to be compiled, but is instantiated without.
	b := e.runtime.NewHostModuleBuilder(module)
	for _, m := range functionsFrom(importer, module) {
		f := answer(m.Name)
		params := valueTypes(m.Func.Params)
		b.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
			clearUpper(stack, params)
			stack[0] = f(stack)
		}), params, valueTypes(m.Func.Results)).Export(m.Name)
	}
	compiled, err := b.Compile(ctx)
	if err != nil {
		return nil, err
	}
	return e.Instantiate(ctx, &Module{compiled: compiled}, nil)
}

func functionsFrom(importer *wasm.Info, module string) []wasm.Import {
	var list []wasm.Import
	for _, m := range importer.Imports {
		if m.Module == module && m.Kind == wasm.KindFunc {
			list = append(list, m)
		}
	}
	return list
}

func valueTypes(types []wasm.ValueType) []api.ValueType {
	list := make([]api.ValueType, len(types))
	for i, t := range types {
		list[i] = api.ValueType(t)
	}
	return list
}

// global is an immutable i32.
type global struct {
	name  string
	value uint32
}

// glue instantiates a module that a fixed module can import as "go": its functions
// are those of inner, its globals are constants. It exists because modules of Go
// functions cannot have globals.
func (e *Engine) glue(ctx context.Context, importer *wasm.Info, inner *Instance, globals []global) (*Instance, error) {
	module := glueModule(functionsFrom(importer, "go"), globals)
	// Unlike InstantiateModule, this frees the code together with the instance.
	mod, err := e.runtime.InstantiateWithConfig(Instances{"go": inner}.resolve(ctx), module, anonymous())
	if err != nil {
		return nil, err
	}
	return &Instance{mod: mod}, nil
}

// glueModule encodes the module for [Engine.glue]: types, imports, globals and
// exports (core spec §5.5).
func glueModule(functions []wasm.Import, globals []global) []byte {
	var types, imports, consts, exports [][]byte
	for i, f := range functions {
		types = append(types, concat([]byte{0x60}, typeVec(f.Func.Params), typeVec(f.Func.Results)))
		imports = append(imports, concat(name("go"), name(f.Name), []byte{byte(wasm.KindFunc)}, leb(i)))
		exports = append(exports, concat(name(f.Name), []byte{byte(wasm.KindFunc)}, leb(i)))
	}
	for i, g := range globals {
		// i32, immutable; i32.const, end.
		consts = append(consts, concat([]byte{byte(wasm.I32), 0, 0x41}, signed(int32(g.value)), []byte{0x0b}))
		exports = append(exports, concat(name(g.name), []byte{byte(wasm.KindGlobal)}, leb(i)))
	}
	return concat([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, types), section(2, imports), section(6, consts), section(7, exports))
}

func concat(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func leb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

// signed encodes a number as signed LEB128 (core spec §5.2.2).
func signed(n int32) []byte {
	var out []byte
	for {
		low := byte(n & 0x7f)
		n >>= 7
		if n == 0 && low < 0x40 || n == -1 && low >= 0x40 {
			return append(out, low)
		}
		out = append(out, low|0x80)
	}
}

func name(s string) []byte { return append(leb(len(s)), s...) }

func typeVec(types []wasm.ValueType) []byte {
	out := leb(len(types))
	for _, t := range types {
		out = append(out, byte(t))
	}
	return out
}

func section(id byte, items [][]byte) []byte {
	contents := append(leb(len(items)), concat(items...)...)
	return concat([]byte{id}, leb(len(contents)), contents)
}
