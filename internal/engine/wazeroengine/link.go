package wazeroengine

import (
	"context"
	"fmt"
	"maps"

	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/wasm"
)

// startKernel makes the plug-in's kernel. Numbers are never used again: what is
// left of a plug-in must reach nothing, not somebody else's.
func (p *Plugin) startKernel(ctx context.Context) error {
	maxPages := p.machine.MaxPages()
	p.engine.lastID++
	k, err := p.engine.NewKernel(ctx, KernelConfig{
		ID: p.engine.lastID, MaxPages: &maxPages, Env: guestEnv{p}, Log: p.log,
	})
	p.kernel = k
	return err
}

// instantiate gives a module an instance, in place of the one that it had.
func (p *Plugin) instantiate(ctx context.Context, module int) error {
	if err := p.retire(ctx, module); err != nil {
		return err
	}
	imports, err := p.imports(ctx, module)
	if err != nil {
		return err
	}
	p.memories[module] = noMemory{} // a start function's is out of reach, as on the web
	inst, err := p.engine.Instantiate(ctx, p.modules[module], imports)
	if err != nil {
		return err
	}
	p.instances[module] = inst
	if mem := inst.mod.ExportedMemory("memory"); mem != nil {
		p.memories[module] = memory{mem}
	}
	return nil
}

// retire closes a module's instance, if it has one. What imports from it is about
// to be replaced, too.
func (p *Plugin) retire(ctx context.Context, module int) error {
	old := p.instances[module]
	if old == nil {
		return nil
	}
	p.instances[module] = nil
	clear(p.functions)
	return old.Close(ctx)
}

// imports says what satisfies a module's imports. The machine has checked that all
// of them are there, and of the right types.
func (p *Plugin) imports(ctx context.Context, module int) (Instances, error) {
	imports := Instances{}
	for namespace, host := range p.hosts {
		imports[namespace] = host
	}
	for i, inst := range p.instances {
		if inst != nil && i != module {
			imports[p.names[i]] = inst
		}
	}
	if b := p.bridges[module]; b != nil {
		maps.Copy(imports, b.imports)
	}
	imports[kernel.EnvModule] = p.kernel.Instance
	if p.machine.WASI(module) != nil {
		adapter, err := p.adapter(ctx, module)
		if err != nil {
			return nil, err
		}
		imports[kernel.WasiModule] = adapter.Instance
	}
	return imports, nil
}

// adapter gives the WASI adapter in front of a module. It has no state, so all
// instances of the module can have the same.
func (p *Plugin) adapter(ctx context.Context, module int) (*Wasi, error) {
	if p.adapters[module] == nil {
		p.engine.lastHandle++
		w, err := p.engine.NewWasi(ctx, WasiConfig{
			Handle: p.engine.lastHandle,
			Funcs:  p.wasiFunctions(module),
			Output: func(int32) int32 { return p.drain(module) },
		})
		if err != nil {
			return nil, err
		}
		p.adapters[module] = w
	}
	return p.adapters[module], nil
}

// makeHosts makes a module of each namespace of host functions.
func (p *Plugin) makeHosts(ctx context.Context) error {
	for namespace, functions := range p.config.Functions {
		b := p.engine.runtime.NewHostModuleBuilder(namespace)
		for name, f := range functions {
			where := namespace + "." + name
			if err := callable(f.Type); err != nil {
				return fault.Wrap(fault.InvalidInput, "host function "+where, err)
			}
			b.NewFunctionBuilder().
				WithGoFunction(p.hostFunction(where, f), valueTypes(f.Type.Params), valueTypes(f.Type.Results)).
				Export(name)
		}
		compiled, err := b.Compile(ctx)
		if err != nil {
			return fault.Wrap(fault.InvalidInput, "host functions of "+namespace, err)
		}
		m := &Module{compiled: compiled}
		p.compiled = append(p.compiled, m)
		if p.hosts[namespace], err = p.engine.Instantiate(ctx, m, nil); err != nil {
			return fault.Wrap(fault.Internal, "host functions of "+namespace, err)
		}
	}
	return nil
}

// callable refuses signatures whose values do not fit an element of a stack.
func callable(t wasm.FuncType) error {
	for _, types := range [][]wasm.ValueType{t.Params, t.Results} {
		for _, v := range types {
			if v != wasm.I32 && v != wasm.I64 && v != wasm.F32 && v != wasm.F64 {
				return fmt.Errorf("%v is no number; i32, i64, f32 and f64 are possible", v)
			}
		}
	}
	return nil
}

// export is a function of an instance, ready to be called.
type export struct {
	f     api.Function
	stack []uint64 // for arguments and results
	// result is the type of the only result, or 0.
	result api.ValueType
}

func newExport(inst *Instance, name string) *export {
	f := inst.mod.ExportedFunction(name)
	params, results := f.Definition().ParamTypes(), f.Definition().ResultTypes()
	x := &export{f: f, stack: make([]uint64, max(len(params), len(results)))}
	if len(results) == 1 {
		x.result = results[0]
	}
	return x
}

// invoke calls an export with every parameter zero, and gives its code.
func (p *Plugin) invoke(ctx context.Context, module int, name string) (int32, error) {
	var x *export
	if module == p.machine.Main() {
		x = p.functions[name]
	}
	if x == nil {
		x = newExport(p.instances[module], name)
		if module == p.machine.Main() {
			p.functions[name] = x
		}
	}
	clear(x.stack)
	if err := x.f.CallWithStack(ctx, x.stack); err != nil {
		return 0, err
	}
	return x.code(), nil
}

// noMemory is the memory of a guest that has none.
type noMemory struct{}

var _ engine.Memory = noMemory{}

func (noMemory) Size() uint64              { return 0 }
func (noMemory) Read(uint32, []byte) bool  { return false }
func (noMemory) Write(uint32, []byte) bool { return false }
