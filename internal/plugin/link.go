package plugin

import (
	"fmt"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

const startFunction = "_start" // of a WASI command

// Module is a compiled module and the name by which others import from it.
type Module struct {
	Name string
	engine.Module
}

// linked is the result of linking: which module comes after which, and what stands
// between those that import from each other.
type linked struct {
	modules []Module
	main    int
	// order has the modules that the main one needs, in the order of instantiation,
	// in groups: dependencies first, and those that depend on each other together.
	order       [][]int
	importsWASI []bool // by module
	imports     [][]engine.Import
	exports     []map[string]engine.Export
	trampolines []*Trampoline // by module; nil where none is needed
	links       []earlyLink   // of all trampolines
}

// link resolves every import of the main module and of those that it needs.
func link(modules []Module, main int, options *manifest.Options) (*linked, error) {
	l := &linked{
		modules:     modules,
		main:        main,
		importsWASI: make([]bool, len(modules)),
		imports:     make([][]engine.Import, len(modules)),
		exports:     make([]map[string]engine.Export, len(modules)),
		trampolines: make([]*Trampoline, len(modules)),
	}
	byName := map[string]int{}
	for i, m := range modules {
		if _, twice := byName[m.Name]; twice {
			return nil, fault.New(fault.InvalidManifest, fmt.Sprintf(
				"two modules are called %q; one that has no name is called by its number in the manifest", m.Name))
		}
		byName[m.Name] = i
		l.imports[i] = m.Imports()
		l.exports[i] = map[string]engine.Export{}
		for _, e := range m.Exports() {
			l.exports[i][e.Name] = e
		}
	}
	w := walk{linked: l, byName: byName, options: options, seen: make([]visit, len(modules))}
	if err := w.run(); err != nil {
		return nil, err
	}
	for _, group := range l.order {
		l.bridge(byName, group)
	}
	return l, nil
}

func (l *linked) exportsFunction(module int, name string) bool {
	e, ok := l.exports[module][name]
	return ok && e.Kind == engine.KindFunction
}

func (l *linked) exported(function string) *fault.Error {
	e, ok := l.exports[l.main][function]
	name := l.modules[l.main].Name
	switch {
	case !ok:
		return fault.New(fault.FunctionNotFound, fmt.Sprintf("Plugin error: function %q does not exist", function)).In(name, function)
	case e.Kind != engine.KindFunction:
		return fault.New(fault.NotAFunction, fmt.Sprintf("Plugin error: export %q is not a function", function)).In(name, function)
	}
	return nil
}

// initialisers names the exports that make a fresh instance usable: those of a
// WASI reactor, of a library with C++-style constructors, and of the Haskell
// run time. A side module that is a command runs at once; the main one runs
// when it is called for, see startsLazily.
func (l *linked) initialisers(module int) []string {
	var names []string
	switch {
	case l.exportsFunction(module, "_initialize"):
		names = append(names, "_initialize")
	case l.exportsFunction(module, "__wasm_call_ctors"):
		names = append(names, "__wasm_call_ctors")
	case module != l.main && l.exportsFunction(module, startFunction):
		names = append(names, startFunction)
	}
	if l.exportsFunction(module, "hs_init") {
		names = append(names, "hs_init")
	}
	return names
}

// startsLazily reports whether the main module is a command whose _start has to
// run before any of its other functions: it has no other initialiser. Not at
// creation, for a caller may want _start itself, with an input.
func (l *linked) startsLazily() bool {
	return l.exportsFunction(l.main, startFunction) && len(l.initialisers(l.main)) == 0
}
