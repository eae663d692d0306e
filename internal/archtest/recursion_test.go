//go:build !js

package archtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
)

// recursive lists the cycles that are allowed, each by all functions in it, with
// what bounds its depth. That must not be anything that a module, a manifest or a
// guest chooses.
var recursive = map[string]string{
	"(*manifest.decoder).limit, (*manifest.decoder).manifest$1, (*manifest.decoder).members, (*manifest.decoder).memory, " +
		"(*manifest.decoder).wasm, (*manifest.decoder).wasmList, manifest.DecodeOptions$1": "members calls back what reads an object's " +
		"members, and for an object in an object it is called again. Which objects those are is in the code, not in the text: " +
		"a manifest's module is the deepest.",
}

// cycles finds the groups of this module's functions that can call themselves, by
// Tarjan's algorithm for strongly connected components. Calls that go through the
// standard library and come back count as well.
func (p *program) cycles() [][]*ssa.Function {
	s := &components{program: p, index: map[*ssa.Function]int{}, low: map[*ssa.Function]int{}, open: map[*ssa.Function]bool{}}
	for f := range p.graph.Nodes {
		if f != nil && s.index[f] == 0 && strings.HasPrefix(packageOf(f), module) {
			s.visit(f)
		}
	}
	return s.cycles
}

type components struct {
	*program
	index, low map[*ssa.Function]int
	open       map[*ssa.Function]bool
	stack      []*ssa.Function
	cycles     [][]*ssa.Function
}

func (s *components) visit(f *ssa.Function) {
	n := len(s.index) + 1
	s.index[f], s.low[f], s.open[f] = n, n, true
	s.stack = append(s.stack, f)
	itself := false
	for _, e := range s.callees(f) {
		to := e.Callee.Func
		if !s.followed(to) {
			continue
		}
		itself = itself || to == f
		switch {
		case s.index[to] == 0:
			s.visit(to)
			s.low[f] = min(s.low[f], s.low[to])
		case s.open[to]:
			s.low[f] = min(s.low[f], s.index[to])
		}
	}
	if s.low[f] != n {
		return
	}
	at := slices.Index(s.stack, f)
	component := slices.Clone(s.stack[at:])
	s.stack = s.stack[:at]
	for _, g := range component {
		s.open[g] = false
	}
	if len(component) > 1 || itself {
		s.cycles = append(s.cycles, component)
	}
}

// followed reports whether the search goes into a function: this module's, and of
// the standard library the packages whose business is to call back.
func (s *components) followed(f *ssa.Function) bool {
	switch pkg := packageOf(f); pkg {
	case "slices", "sort", "maps", "strings", "bytes", "":
		return true
	default:
		return strings.HasPrefix(pkg, module)
	}
}

// names gives the names of this module's functions in a cycle, sorted.
func names(cycle []*ssa.Function) []string {
	var list []string
	for _, f := range cycle {
		if strings.HasPrefix(packageOf(f), module) {
			list = append(list, name(f))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestNoRecursion(t *testing.T) {
	unused := maps.Clone(recursive)
	for _, cycle := range loadCore(t).cycles() {
		list := strings.Join(names(cycle), ", ")
		delete(unused, list)
		if list != "" && recursive[list] == "" {
			t.Errorf("a recursion whose depth data chooses takes the core down, so use a loop and a stack of its own; these call each other: %s", list)
		}
	}
	for list := range unused {
		t.Errorf("there is no such cycle any more; take it off the list: %s", list)
	}
}

func TestRecursionIsFound(t *testing.T) {
	p, err := load("./internal/archtest/testdata/cycles")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, cycle := range p.cycles() {
		if list := names(cycle); len(list) > 0 {
			got = append(got, strings.ReplaceAll(strings.Join(list, " "), "archtest/testdata/cycles.", ""))
		}
	}
	slices.Sort(got)
	got = slices.Compact(got)
	want := []string{"(array).depth (object).depth", "even odd", "generic", "main$1", "sorted sorted$1", "walk"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}
