package wazeroengine

import (
	"context"
	"errors"
	"strconv"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/plugin"
	"github.com/extism-js/extism-js/internal/wasm"
)

// bridge is what stands between a module and those that it imports from in a
// circle.
type bridge struct {
	links      []plugin.Link
	types      []wasm.FuncType // of the links
	trampoline *Instance
	// imports has the functions of the trampoline under the names by which the module
	// imports them.
	imports Instances
	// wiring is what has put the targets into the table; nil before that.
	wiring *Instance
}

// Close frees everything. What has been instantiated with it must not be called any
// more.
func (b *bridge) Close(ctx context.Context) error {
	var errs []error
	for _, inst := range b.imports {
		errs = append(errs, inst.Close(ctx))
	}
	if b.wiring != nil {
		errs = append(errs, b.wiring.Close(ctx))
	}
	return errors.Join(append(errs, b.trampoline.Close(ctx))...)
}

// bridge makes a module's trampoline, in place of the one that it had.
func (p *Plugin) bridge(ctx context.Context, module int) error {
	if old := p.bridges[module]; old != nil {
		p.bridges[module] = nil
		if err := old.Close(ctx); err != nil {
			return err
		}
	}
	t := p.machine.Trampoline(module)
	if t.Wasm == nil {
		return fault.New(fault.Unsupported, "functions of types that a module defines itself cannot be imported in a circle")
	}
	info, err := wasm.Parse(t.Wasm)
	if err != nil {
		return err
	}
	b := &bridge{links: t.Links, imports: Instances{}}
	for i := range t.Links {
		b.types = append(b.types, *info.Export(strconv.Itoa(i)).Func)
	}
	if b.trampoline, err = p.engine.instantiateBytes(ctx, t.Wasm, nil); err != nil {
		return err
	}
	p.bridges[module] = b
	return p.rename(ctx, b)
}

// rename gives the functions of a trampoline, which have numbers, the names by which
// they are imported: an engine in JavaScript is given single functions, wazero has to
// find them in modules.
func (p *Plugin) rename(ctx context.Context, b *bridge) (err error) {
	modules := map[int]*wasm.Builder{} // by provider
	for i, link := range b.links {
		if modules[link.Provider] == nil {
			modules[link.Provider] = &wasm.Builder{}
		}
		m := modules[link.Provider]
		m.Export(link.Name, wasm.KindFunc, m.ImportFunction("trampoline", strconv.Itoa(i), b.types[i]))
	}
	for provider, m := range modules {
		name := p.names[provider]
		if b.imports[name], err = p.engine.instantiateBytes(ctx, m.Module(), Instances{"trampoline": b.trampoline}); err != nil {
			delete(b.imports, name)
			return err
		}
	}
	return nil
}

// wire puts the targets of a trampoline into its table, by a module whose elements
// they are.
func (p *Plugin) wire(ctx context.Context, module int) (err error) {
	b := p.bridges[module]
	var m wasm.Builder
	from := Instances{"trampoline": b.trampoline}
	var functions []uint32
	for i, link := range b.links {
		provider := strconv.Itoa(link.Provider)
		from[provider] = p.instances[link.Provider]
		functions = append(functions, m.ImportFunction(provider, link.Name, b.types[i]))
	}
	m.ImportTable("trampoline", wasm.TrampolineTable, wasm.TableType{Elem: wasm.FuncRef})
	m.Elements(functions)
	b.wiring, err = p.engine.instantiateBytes(ctx, m.Module(), from)
	return err
}

// early gives the number that a trampoline has noted, because it was called before
// it was wired, or 0.
func (p *Plugin) early() int32 {
	for _, b := range p.bridges {
		if b != nil {
			if n := b.trampoline.mod.ExportedGlobal(wasm.TrampolineEarly).Get(); n != 0 {
				return int32(n)
			}
		}
	}
	return 0
}
