package plugin

import (
	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/manifest"
)

// walk visits modules depth first, without recursion. It finds the groups of those
// that depend on each other by Tarjan's algorithm.
type walk struct {
	*linked
	byName  map[string]int
	options *manifest.Options
	path    []step // the chain of modules that leads to the present one
	open    []int  // visited, and not yet in a group
	seen    []visit
	count   int // of modules visited
	done    int // of modules left
}

type step struct{ module, next int } // next: among its imports

type visit struct {
	number int // in the order in which modules are come upon, from 1 on; 0: not yet
	low    int // the lowest number that is known to be in the same group
	left   int // in the order in which modules are left
	open   bool
}

func (w *walk) run() error {
	w.enter(w.main)
	for len(w.path) > 0 {
		top := &w.path[len(w.path)-1]
		if top.next == len(w.imports[top.module]) {
			if err := w.leave(top.module); err != nil {
				return err
			}
			continue
		}
		imp := &w.imports[top.module][top.next]
		top.next++
		provider, no := w.resolve(top.module, imp)
		switch {
		case no.reason != "":
			return w.unresolved(nil, imp, no)
		case provider < 0: // the host
		case w.seen[provider].number == 0:
			w.enter(provider)
		case w.seen[provider].open:
			v := &w.seen[top.module]
			v.low = min(v.low, w.seen[provider].number)
		}
	}
	return nil
}

func (w *walk) enter(module int) {
	w.count++
	w.seen[module] = visit{number: w.count, low: w.count, open: true}
	w.path = append(w.path, step{module: module})
	w.open = append(w.open, module)
}

// leave ends the visit of the module at the end of the path. If it is the first of
// its group that was come upon, the group is complete.
func (w *walk) leave(module int) error {
	v := &w.seen[module]
	w.done++
	v.left = w.done
	w.path = w.path[:len(w.path)-1]
	if v.low < v.number {
		parent := &w.seen[w.path[len(w.path)-1].module]
		parent.low = min(parent.low, v.low)
		return nil
	}
	first := len(w.open) - 1
	for w.open[first] != module {
		first--
	}
	group := append([]int(nil), w.open[first:]...)
	w.open = w.open[:first]
	for _, m := range group {
		w.seen[m].open = false
	}
	return w.arrange(group)
}

// need is what makes one module come after another of its group: an import that is
// no function, for which nothing can stand in.
type need struct {
	provider int
	imp      *engine.Import
}

// arrange puts a group in the order of instantiation. Modules come after those from
// which they need more than functions, and else in the order in which they were
// left, which has most of what they import come before them.
func (w *walk) arrange(group []int) error {
	if len(group) == 1 {
		w.order = append(w.order, group)
		return nil
	}
	a := arranging{walk: w, needs: make([][]need, len(w.modules)), waiting: make([]bool, len(w.modules))}
	for _, m := range group {
		a.waiting[m] = true
	}
	for _, m := range group {
		a.find(m)
	}
	var order []int
	for range group {
		next := -1
		for _, m := range group {
			if a.waiting[m] && a.unmet(m) == nil && (next < 0 || w.seen[m].left < w.seen[next].left) {
				next = m
			}
		}
		if next < 0 {
			return a.knot(group)
		}
		a.waiting[next] = false
		order = append(order, next)
	}
	w.order = append(w.order, order)
	return nil
}

// arranging is what is known of a group, by module.
type arranging struct {
	*walk
	needs   [][]need
	waiting []bool // in the group, and not yet in its place
}

// find notes what a module needs of its group, each other module once.
func (a *arranging) find(module int) {
	known := make([]bool, len(a.modules))
	for i := range a.imports[module] {
		imp := &a.imports[module][i]
		provider, fromModule := a.byName[imp.Module]
		if imp.Kind != engine.KindFunction && fromModule && a.waiting[provider] && !known[provider] {
			known[provider] = true
			a.needs[module] = append(a.needs[module], need{provider, imp})
		}
	}
}

// unmet gives the first thing that a module needs and has not got, or nil.
func (a *arranging) unmet(module int) *need {
	for i := range a.needs[module] {
		if n := &a.needs[module][i]; a.waiting[n.provider] {
			return n
		}
	}
	return nil
}

// knot is the error of a group in which each module that waits needs another one.
func (a *arranging) knot(group []int) error {
	m := group[0]
	for !a.waiting[m] {
		group = group[1:]
		m = group[0]
	}
	place := make([]int, len(a.modules)) // in the chain, from 1 on
	var chain []int
	var last *need
	for place[m] == 0 {
		chain = append(chain, m)
		place[m] = len(chain)
		last = a.unmet(m)
		m = last.provider
	}
	return a.unresolved(chain[place[m]-1:], last.imp,
		refusal{reason: "modules can import only functions from each other in a circle"})
}
