package plugin

import (
	"strconv"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/wasm"
)

// Trampoline stands in for the functions that a module imports in a circle: from
// modules that are instantiated after it. The module gets functions that call what
// is in a table, and once everything in the circle is there the table is filled.
type Trampoline struct {
	// Links are the functions, each once.
	Links []Link
	// Wasm is a module as [wasm.Trampoline] makes it, with a function for each link.
	// It is nil if not all signatures are known; then the driver has to know better.
	Wasm []byte
	// First is the number of the first link, as Outcome.Code counts them.
	First int32
}

// Link is one function that a module imports in a circle.
type Link struct {
	Import   int // index among the module's imports
	Name     string
	Provider int // the module that exports it
}

// earlyLink is what a number of a link stands for.
type earlyLink struct{ module, link int }

// Trampoline gives what stands between a module and others, or nil.
func (p *Plugin) Trampoline(module int) *Trampoline { return p.linked.trampolines[module] }

// maxCompiled is up to how many links a trampoline is made as a module. Nobody has
// as many; to sort out their signatures takes as long as the square.
const maxCompiled = 10_000

// bridge makes the trampolines of a group's modules.
func (l *linked) bridge(byName map[string]int, group []int) {
	if len(group) == 1 {
		return
	}
	later := make([]bool, len(l.modules))
	for _, m := range group {
		later[m] = true
	}
	for _, m := range group {
		later[m] = false
		l.trampolines[m] = l.trampoline(byName, m, later)
	}
}

// trampoline makes that of one module, if it imports functions from later ones.
func (l *linked) trampoline(byName map[string]int, module int, later []bool) *Trampoline {
	t := &Trampoline{First: int32(len(l.links) + 1)}
	var types []wasm.FuncType
	known := map[string]bool{}
	for i := range l.imports[module] {
		imp := &l.imports[module][i]
		provider, fromModule := byName[imp.Module]
		key := strconv.Itoa(provider) + " " + imp.Name
		if !fromModule || !later[provider] || known[key] {
			continue
		}
		known[key] = true
		l.links = append(l.links, earlyLink{module, len(t.Links)})
		t.Links = append(t.Links, Link{i, imp.Name, provider})
		if f := signature(imp, l.exports[provider][imp.Name]); f != nil {
			types = append(types, *f)
		}
	}
	if len(t.Links) == 0 {
		return nil
	}
	if len(types) == len(t.Links) && len(types) <= maxCompiled {
		t.Wasm = wasm.Trampoline(types, t.First)
	}
	return t
}

// signature gives that of a link, if it is known and the same in every module.
func signature(imp *engine.Import, e engine.Export) *wasm.FuncType {
	for _, t := range []*wasm.ExternType{imp.Type, e.Type} {
		if t != nil && t.Func != nil && t.Func.Portable() {
			return t.Func
		}
	}
	return nil
}

// early says which function was called before it was there, by the number of its
// link.
func (l *linked) early(number int32) string {
	if number < 1 || int(number) > len(l.links) {
		return ""
	}
	at := l.links[number-1]
	link := l.trampolines[at.module].Links[at.link]
	return "module " + quote(l.modules[at.module].Name) + " called function " + quote(link.Name) +
		" of module " + quote(l.modules[link.Provider].Name) + ", which is not there yet: " +
		"where modules import from each other in a circle, none can be called before all have been instantiated"
}
