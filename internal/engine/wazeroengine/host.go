package wazeroengine

import (
	"context"

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
	return e.instantiateBytes(ctx, module, Instances{"go": inner})
}

// instantiateBytes makes the only instance of a module. Its code is freed with it.
func (e *Engine) instantiateBytes(ctx context.Context, module []byte, imports Instances) (*Instance, error) {
	mod, err := e.runtime.InstantiateWithConfig(imports.resolve(ctx), module, anonymous())
	if err != nil {
		return nil, err
	}
	return &Instance{mod: mod}, nil
}

// glueModule makes the module for [Engine.glue].
func glueModule(functions []wasm.Import, globals []global) []byte {
	var b wasm.Builder
	for _, f := range functions {
		b.Export(f.Name, wasm.KindFunc, b.ImportFunction("go", f.Name, *f.Func))
	}
	for _, g := range globals {
		b.Export(g.name, wasm.KindGlobal, b.Global(false, int32(g.value)))
	}
	return b.Module()
}
