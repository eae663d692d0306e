package plugin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasm"
)

const startFunction = "_start" // of a WASI command

// Module is a compiled module and the name by which others import from it.
type Module struct {
	Name string
	engine.Module
}

// HostImport is a host function that a module imports.
type HostImport struct {
	Module          int // index in the manifest
	Namespace, Name string
	// Type is nil where the module's bytes are not known.
	Type *wasm.FuncType
}

// linked is the result of linking: which module comes after which.
type linked struct {
	modules     []Module
	main        int
	order       []int  // dependencies first, the main module last
	importsWASI []bool // by module
	hostImports []HostImport
	http        bool // whether a module imports http_request
	exports     []map[string]engine.Kind
}

// link resolves every import of the main module and of those that it needs.
func link(modules []Module, main int, options *manifest.Options) (*linked, error) {
	l := &linked{
		modules:     modules,
		main:        main,
		importsWASI: make([]bool, len(modules)),
		exports:     make([]map[string]engine.Kind, len(modules)),
	}
	byName := map[string]int{}
	for i, m := range modules {
		byName[m.Name] = i
		l.exports[i] = map[string]engine.Kind{}
		for _, e := range m.Exports() {
			l.exports[i][e.Name] = e.Kind
		}
	}
	return l, l.visit(byName, options)
}

// visit walks the modules depth first without recursion, checks their imports
// and notes the order. A path is the chain of modules that leads to the last.
func (l *linked) visit(byName map[string]int, options *manifest.Options) error {
	type node struct{ module, next int }
	path := []node{{module: l.main}}
	const unseen, open, done = 0, 1, 2
	seen := make([]int, len(l.modules))
	seen[l.main] = open
	chain := func() string {
		names := make([]string, len(path))
		for i, n := range path {
			names[i] = l.modules[n.module].Name
		}
		return strings.Join(names, `"/"`)
	}
	for len(path) > 0 {
		top := &path[len(path)-1]
		imports := l.modules[top.module].Imports()
		if top.next == len(imports) {
			seen[top.module] = done
			l.order = append(l.order, top.module)
			path = path[:len(path)-1]
			continue
		}
		imp := imports[top.next]
		top.next++
		provider, fromModule := byName[imp.Module]
		if !fromModule {
			if reason := l.checkHost(top.module, imp, options); reason != "" {
				return unresolved(chain(), imp, reason)
			}
			continue
		}
		if kind, ok := l.exports[provider][imp.Name]; !ok || kind != imp.Kind {
			return unresolved(chain(), imp, fmt.Sprintf("module %q exports no such %s", imp.Module, imp.Kind))
		}
		switch seen[provider] {
		case open:
			return unresolved(chain(), imp, "modules that import from each other in a circle are not supported by this version")
		case unseen:
			seen[provider] = open
			path = append(path, node{module: provider})
		}
	}
	return nil
}

// checkHost says why the host does not offer an import, or gives "".
func (l *linked) checkHost(module int, imp engine.Import, options *manifest.Options) (reason string) {
	switch imp.Module {
	case kernel.EnvModule:
		if !offers(kernel.EnvFunctions, imp.Name) || imp.Kind != engine.KindFunction {
			return fmt.Sprintf("%q is a host module, but does not contain %q", imp.Module, imp.Name)
		}
		l.http = l.http || imp.Name == "http_request"
		return ""
	case kernel.WasiModule:
		if !options.UseWASI {
			return `WASI is not enabled; see the "useWasi" plugin option`
		}
		if !offers(kernel.WasiFunctions, imp.Name) || imp.Kind != engine.KindFunction {
			return fmt.Sprintf("%q is a host module, but does not contain %q", imp.Module, imp.Name)
		}
		l.importsWASI[module] = true
		return ""
	}
	names, ok := options.Functions[imp.Module]
	switch {
	case !ok:
		return "not provided by host imports nor linked manifest items"
	case imp.Kind != engine.KindFunction:
		return fmt.Sprintf("a %s is asked for, and host imports are functions", imp.Kind)
	}
	if slices.Contains(names, imp.Name) {
		h := HostImport{Module: module, Namespace: imp.Module, Name: imp.Name}
		if imp.Type != nil {
			h.Type = imp.Type.Func
		}
		l.hostImports = append(l.hostImports, h)
		return ""
	}
	return fmt.Sprintf("%q is a host module, but does not contain %q", imp.Module, imp.Name)
}

func offers(functions []kernel.Function, name string) bool {
	return slices.ContainsFunc(functions, func(f kernel.Function) bool { return f.Name == name })
}

func unresolved(chain string, imp engine.Import, reason string) *fault.Error {
	return &fault.Error{
		Code:     fault.UnresolvedImport,
		Message:  fmt.Sprintf(`from module "%s": cannot resolve import %q %q: %s`, chain, imp.Module, imp.Name, reason),
		Module:   imp.Module,
		Function: imp.Name,
	}
}

func (l *linked) exportsFunction(module int, name string) bool {
	kind, ok := l.exports[module][name]
	return ok && kind == engine.KindFunction
}

func (l *linked) exported(function string) *fault.Error {
	kind, ok := l.exports[l.main][function]
	name := l.modules[l.main].Name
	switch {
	case !ok:
		return fault.New(fault.FunctionNotFound, fmt.Sprintf("Plugin error: function %q does not exist", function)).In(name, function)
	case kind != engine.KindFunction:
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
