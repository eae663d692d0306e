// Package wazeroengine runs plug-ins on wazero: native tests, the command line and
// the interpreter core, for platforms that forbid compiling.
//
// It gives the same fixed modules as the web (package kernel) the imports that they
// have there, so that what is tested natively is what runs in a page.
package wazeroengine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/wasm"
)

// Options configures an [Engine]. The zero value is a good default.
type Options struct {
	// Interpreter chooses wazero's interpreter even where it could compile.
	Interpreter bool
	// CloseOnDone makes calls end when their context does, which costs some speed.
	CloseOnDone bool
}

// Engine is a wazero runtime with the fixed modules in it: what a core and its
// gate are on the web. As there, one goroutine uses it at a time, and host
// functions call nothing of it but memories.
type Engine struct {
	runtime wazero.Runtime
	gate    *Instance
	kernel  *Module
	wasi    *Module
	// What is behind the imports from "go" and "host" of the two.
	env, sink         *Instance
	wasiEnv, wasiSink *Instance

	kernels map[int32]*Kernel
	wasis   map[int32]*Wasi
	// The numbers that the last plug-in and the last module with WASI have got.
	lastID, lastHandle int32
}

var _ engine.Engine = (*Engine)(nil)

// New starts a runtime. The caller closes it.
func New(ctx context.Context, o Options) (*Engine, error) {
	config := wazero.NewRuntimeConfig()
	if o.Interpreter {
		config = wazero.NewRuntimeConfigInterpreter()
	}
	config = config.WithCloseOnContextDone(o.CloseOnDone).
		WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesThreads | experimental.CoreFeaturesTailCall)
	e := &Engine{
		runtime: wazero.NewRuntimeWithConfig(ctx, config),
		kernels: map[int32]*Kernel{},
		wasis:   map[int32]*Wasi{},
	}
	if err := e.start(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("wazeroengine: %w", err), e.Close(ctx))
	}
	return e, nil
}

// start compiles the fixed modules and instantiates what all plug-ins share.
func (e *Engine) start(ctx context.Context) error {
	// The probe guards a stack that guests share with Go. On wazero they do not, and
	// passing the gate would take about a hundred times as long (BenchmarkGate), so
	// the gate here has none.
	gate, err := e.compile(ctx, kernel.GateNativeWasm)
	if err != nil {
		return err
	}
	if e.gate, err = e.Instantiate(ctx, gate, nil); err != nil {
		return err
	}
	if e.kernel, err = e.compile(ctx, kernel.Wasm); err != nil {
		return err
	}
	if e.wasi, err = e.compile(ctx, kernel.WasiWasm); err != nil {
		return err
	}
	if e.env, err = e.hostEnv(ctx); err != nil {
		return err
	}
	if e.sink, err = e.hostSinks(ctx); err != nil {
		return err
	}
	if e.wasiEnv, err = e.hostWasi(ctx); err != nil {
		return err
	}
	e.wasiSink, err = e.hostWasiOutput(ctx)
	return err
}

// Close frees everything that belongs to the engine, including modules and
// instances.
func (e *Engine) Close(ctx context.Context) error { return e.runtime.Close(ctx) }

// Kill makes every further entry into Go trap, as when a core on the web is dead.
func (e *Engine) Kill(ctx context.Context) error {
	_, err := e.gate.Call(ctx, "kill")
	return err
}

// Compile implements [engine.Engine]. The result is a [*Module].
func (e *Engine) Compile(module []byte) (engine.Module, error) {
	m, err := e.compile(context.Background(), module)
	if err != nil {
		return nil, err
	}
	return m, nil
}

func (e *Engine) compile(ctx context.Context, module []byte) (*Module, error) {
	info, err := wasm.Parse(module)
	if err != nil {
		return nil, err
	}
	compiled, err := e.runtime.CompileModule(ctx, module)
	if err != nil {
		return nil, err
	}
	return &Module{info, compiled}, nil
}

// Module is a compiled module.
type Module struct {
	info     *wasm.Info
	compiled wazero.CompiledModule
}

var _ engine.Module = (*Module)(nil)

// Info describes the module with its signatures. Callers must not change it.
func (m *Module) Info() *wasm.Info { return m.info }

// Imports implements [engine.Module].
func (m *Module) Imports() []engine.Import {
	list := make([]engine.Import, len(m.info.Imports))
	for i := range list {
		x := &m.info.Imports[i]
		list[i] = engine.Import{Module: x.Module, Name: x.Name, Kind: engine.Kind(x.Kind), Type: &x.ExternType}
	}
	return list
}

// Exports implements [engine.Module].
func (m *Module) Exports() []engine.Export {
	list := make([]engine.Export, len(m.info.Exports))
	for i := range list {
		x := &m.info.Exports[i]
		list[i] = engine.Export{Name: x.Name, Kind: engine.Kind(x.Kind), Type: &x.ExternType}
	}
	return list
}

// Close frees the module's code. Its instances must be closed before.
func (m *Module) Close(ctx context.Context) error { return m.compiled.Close(ctx) }

// Instances says which instance satisfies imports from which module name.
type Instances map[string]*Instance

// Instantiate makes an instance of a module and runs its start function, if it has
// one, but no export. The caller closes the instance.
func (e *Engine) Instantiate(ctx context.Context, m *Module, imports Instances) (*Instance, error) {
	mod, err := e.runtime.InstantiateModule(imports.resolve(ctx), m.compiled, anonymous())
	if err != nil {
		return nil, err
	}
	return &Instance{mod: mod, hasMemory: m.info != nil && len(m.info.Memories) > 0}, nil
}

// resolve lets wazero find imports in i. It goes on to look for a module of that
// name in the runtime, but finds none: everything here is anonymous, so that guests
// get only what they are given.
func (i Instances) resolve(ctx context.Context) context.Context {
	return experimental.WithImportResolver(ctx, func(name string) api.Module {
		if inst := i[name]; inst != nil {
			return inst.mod
		}
		return nil
	})
}

// anonymous configures instances: no name, and no export is called.
func anonymous() wazero.ModuleConfig {
	return wazero.NewModuleConfig().WithName("").WithStartFunctions()
}

// Instance is an instance of a module.
type Instance struct {
	mod api.Module
	// wazero gives a memory that is no nil interface even where there is none.
	hasMemory bool
}

// Call calls an exported function. Floats are encoded as wazero's package api does;
// an i32 is the lower half of an element, and in results the upper half is 0. Traps
// and exits are errors.
func (i *Instance) Call(ctx context.Context, name string, args ...uint64) ([]uint64, error) {
	f := i.Function(name)
	if f == nil {
		return nil, fmt.Errorf("wazeroengine: no function %q", name)
	}
	return f(ctx, args...)
}

// Function returns an exported function for many calls, or nil if there is none of
// that name. It must not be called again before it has returned, not even by what
// it calls; [Instance.Call] may.
func (i *Instance) Function(name string) func(ctx context.Context, args ...uint64) ([]uint64, error) {
	f := i.mod.ExportedFunction(name)
	if f == nil {
		return nil
	}
	types := f.Definition().ResultTypes()
	return func(ctx context.Context, args ...uint64) ([]uint64, error) {
		results, err := f.Call(ctx, args...)
		clearUpper(results, types)
		return results, err
	}
}

// clearUpper clears the upper halves of i32s, in which wazero leaves anything.
func clearUpper(values []uint64, types []api.ValueType) {
	for i := range min(len(values), len(types)) {
		if types[i] == api.ValueTypeI32 {
			values[i] = uint64(uint32(values[i]))
		}
	}
}

// Memory returns the first memory of the instance, its own or imported, or nil.
func (i *Instance) Memory() engine.Memory {
	if !i.hasMemory {
		return nil
	}
	return memory{i.mod.Memory()}
}

// Close frees the instance.
func (i *Instance) Close(ctx context.Context) error { return i.mod.Close(ctx) }

// memory implements [engine.Memory].
type memory struct {
	mem api.Memory
}

func (m memory) Size() uint64 {
	// wazero's Size is 0 for a memory of 4 GiB.
	pages, _ := m.mem.Grow(0)
	return uint64(pages) * engine.PageSize
}

func (m memory) Read(off uint32, dst []byte) bool {
	if uint64(len(dst)) > m.Size() {
		return false
	}
	src, ok := m.mem.Read(off, uint32(len(dst)))
	copy(dst, src)
	return ok
}

func (m memory) Write(off uint32, src []byte) bool {
	return uint64(len(src)) <= m.Size() && m.mem.Write(off, src)
}
