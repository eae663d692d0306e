//go:build !js

package archtest

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
)

// harmless lists the packages of the standard library that compute and return:
// no lock, no channel, no call of the platform. What a pure function is told to
// call back (strings.Map's function, say) is found by the call graph, which this
// test does not cut there.
var harmless = []string{
	"bytes", "cmp", "encoding/base64", "encoding/hex", "errors", "maps", "math", "math/bits",
	"slices", "sort", "strconv", "strings", "unicode", "unicode/utf16", "unicode/utf8", "unsafe",
}

// leaves lists single functions of other packages that exports may call. The walk
// does not go into them.
var leaves = map[string]string{
	"fmt.Sprintf":          "formats errors: it reflects and allocates, but only once something has gone wrong, and it waits for nothing",
	"fmt.Errorf":           "as fmt.Sprintf",
	"time.Now":             "reads the platform's clock through an import that calls nothing back",
	"time.Since":           "as time.Now",
	"time.Unix":            "computes",
	"(time.Time).Unix":     "computes",
	"(time.Time).UnixNano": "computes",
	"(time.Time).Sub":      "computes",

	// Which types an error may have, the call graph cannot tell; those that look at
	// a value of JavaScript come from webengine, into which no export goes that waits.
	"fault.Wrap": "asks an error for its text",
	"fault.From": "asks an error for its text",
}

// forbidden explains what people are most likely to reach for.
var forbidden = []struct{ prefix, why string }{
	{"(*sync.", "a lock may be contended, and then the export returns garbage"},
	{"sync.", "a lock may be contended, and then the export returns garbage"},
	{"time.Sleep", "an export must not sleep; timers live in the shim"},
	{"time.", "timers that are started inside an export do not run until Go's next event; they live in the shim"},
	{"(*time.", "timers that are started inside an export do not run until Go's next event; they live in the shim"},
	{"runtime.Gosched", "an export must not yield"},
	{"os.", "the core has no files, and file I/O waits for a callback"},
	{"(*os.", "the core has no files, and file I/O waits for a callback"},
	{"syscall/js.", "the data plane has numbers and pointers only; values of JavaScript cost microseconds and may throw through Go's frames"},
	{"(syscall/js.", "the data plane has numbers and pointers only; values of JavaScript cost microseconds and may throw through Go's frames"},
	{"(*syscall/js.", "the data plane has numbers and pointers only; values of JavaScript cost microseconds and may throw through Go's frames"},
	{"reflect.", "no reflection in the data plane"},
	{"(reflect.", "no reflection in the data plane"},
	{"encoding/json.", "no JSON in the data plane"},
	{"runtime.", "an export must leave the scheduler and the collector alone"},
	{"fmt.", "of fmt only Sprintf and Errorf, for errors"},
}

// goAllowed lists exports' functions that may start goroutines, with the reason.
// There are none: a goroutine that is started in an export waits for Go's next
// event, which may never come.
var goAllowed = map[string]string{}

// A violation is one thing that must not be reachable from an export.
type violation struct{ export, what, path string }

func (v violation) String() string {
	return fmt.Sprintf("%s: %s\n\t%s", v.export, v.what, v.path)
}

// walker goes through all own functions that can be reached from one export.
type walker struct {
	*program
	export string
	from   map[*ssa.Function]*ssa.Function // how each was reached first
	todo   []*ssa.Function
	found  []violation
}

// blocking finds what exports must not do, one report for each place.
func (p *program) blocking() []violation {
	var found []violation
	for _, export := range slices.Sorted(maps.Keys(p.exports)) {
		w := &walker{program: p, export: export, from: map[*ssa.Function]*ssa.Function{}}
		w.reach(p.exports[export], nil)
		for len(w.todo) > 0 {
			f := w.todo[0]
			w.todo = w.todo[1:]
			w.visit(f)
		}
		found = append(found, w.found...)
	}
	slices.SortFunc(found, func(a, b violation) int { return cmp.Compare(a.String(), b.String()) })
	return slices.Compact(found)
}

func (w *walker) reach(f, from *ssa.Function) {
	if _, seen := w.from[f]; !seen {
		w.from[f] = from
		w.todo = append(w.todo, f)
	}
}

func (w *walker) report(f *ssa.Function, at token.Pos, format string, args ...any) {
	var path []string
	for ; f != nil; f = w.from[f] {
		path = append(path, name(f))
	}
	slices.Reverse(path)
	what := fmt.Sprintf(format, args...) + " at " + w.position(at)
	w.found = append(w.found, violation{w.export, what, strings.Join(path, " > ")})
}

func (w *walker) visit(f *ssa.Function) {
	own := w.own(f)
	if own && f.Blocks == nil && !w.imported(f) {
		w.report(f, f.Pos(), "has no body that could be checked")
	}
	if own {
		w.instructions(f)
	}
	for _, e := range w.callees(f) {
		to := e.Callee.Func
		why := w.refused(to)
		switch {
		case why != "" && own:
			w.report(f, e.Pos(), "calls %s: %s", name(to), why)
		case why != "": // the standard library's own business
		case leaves[name(to)] == "":
			w.reach(to, f)
		case packageOf(to) == "fmt":
			w.formatters(f)
		}
	}
}

// formatters reaches what fmt, into which the walk does not go, may call back.
func (w *walker) formatters(from *ssa.Function) {
	for f := range w.graph.Nodes {
		if f == nil || f.Signature.Recv() == nil || !strings.HasPrefix(packageOf(f), module) {
			continue
		}
		switch f.Name() {
		case "Error", "String", "GoString", "Format":
			w.reach(f, from)
		}
	}
}

// refused says why a function must not be called, or gives "".
func (w *walker) refused(f *ssa.Function) string {
	pkg := packageOf(f)
	switch {
	case within(pkg, []string{"github.com/hack-pad/safejs"}):
		return "the data plane has numbers and pointers only, and safejs is the control plane's"
	case w.packages[pkg] != nil, pkg == "", slices.Contains(harmless, pkg), leaves[name(f)] != "":
		return ""
	case strings.HasPrefix(name(f), "(encoding/binary.littleEndian)."), name(f) == "encoding/binary.AppendUvarint":
		return "" // the package's Read and Write would be refused
	}
	for _, x := range forbidden {
		if strings.HasPrefix(name(f), x.prefix) {
			return x.why
		}
	}
	return "it is not known to be harmless; see the lists in this test"
}

// imported reports whether a function without a body is an import from the shim,
// whose side of it is checked to be a leaf by the rules of web/src/abi.mjs.
func (w *walker) imported(f *ssa.Function) bool {
	for name, obj := range w.imports {
		if obj == f.Object() {
			return strings.HasPrefix(name, "extism ")
		}
	}
	return false
}

func (w *walker) instructions(f *ssa.Function) {
	for _, b := range f.Blocks {
		for _, i := range b.Instrs {
			switch i := i.(type) {
			case *ssa.Send:
				w.report(f, i.Pos(), "sends on a channel")
			case *ssa.Select:
				w.report(f, i.Pos(), "selects over channels")
			case *ssa.UnOp:
				if i.Op == token.ARROW {
					w.report(f, i.Pos(), "receives from a channel")
				}
			case *ssa.Range:
				if _, ok := i.X.Type().Underlying().(*types.Chan); ok {
					w.report(f, i.Pos(), "receives from a channel")
				}
			case *ssa.Go:
				if goAllowed[name(f)] == "" {
					w.report(f, i.Pos(), "starts a goroutine, which does not run before Go's next event")
				}
			}
		}
	}
}

func TestExportsDoNotBlock(t *testing.T) {
	p := loadCore(t)
	for _, v := range p.blocking() {
		t.Errorf("an export computes and returns, but %s", v)
	}
}

// TestBlockingExportsAreFound: the walk finds each of the ways in which an export
// could block, behind calls of every kind, and says nothing of exports that are
// as they should be.
func TestBlockingExportsAreFound(t *testing.T) {
	p, err := load("./internal/archtest/testdata/exports")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"good":               nil,
		"sends":              {"sends on a channel"},
		"receives":           {"receives from a channel"},
		"ranges":             {"receives from a channel"},
		"selects":            {"selects over channels"},
		"locks":              {"calls (*sync.Mutex).Lock"},
		"waits":              {"calls (*sync.WaitGroup).Wait"},
		"once":               {"calls (*sync.Once).Do"},
		"sleeps":             {"calls time.Sleep"},
		"sets_a_timer":       {"calls time.AfterFunc"},
		"yields":             {"calls runtime.Gosched"},
		"starts_a_goroutine": {"starts a goroutine"},
		"reads_a_file":       {"calls os.ReadFile"},
		"makes_a_func":       {"calls syscall/js.FuncOf"},
		"touches_a_value":    {"calls (syscall/js.Value).Get"},
		"touches_safely":     {"calls (github.com/hack-pad/safejs.Value).Get"},
		"reflects":           {"calls reflect.TypeOf"},
		"speaks_json":        {"calls encoding/json.Marshal"},
		"prints":             {"calls fmt.Println"},
		"calls_host":         {"has no body"},
		"deep":               {"sends on a channel"},
		"by_interface":       {"calls (*sync.Mutex).Lock"},
		"by_std_interface":   {"calls (*os.File).Write"},
		"by_value":           {"calls time.Sleep"},
		"by_field":           {"calls time.Sleep"},
		"by_closure":         {"receives from a channel"},
		"by_callback":        {"receives from a channel"},
		"by_generic":         {"sends on a channel"},
		"by_method_value":    {"calls (*sync.Mutex).Lock"},
		"deferred":           {"calls (*sync.Mutex).Unlock"},
		"by_formatting":      {"receives from a channel"},
	}
	got := map[string][]violation{}
	for _, v := range p.blocking() {
		got[v.export] = append(got[v.export], v)
	}
	for export := range p.exports {
		texts, ok := want[export]
		if !ok {
			t.Errorf("%s is not in the table", export)
		}
		for _, text := range texts {
			if !slices.ContainsFunc(got[export], func(v violation) bool { return strings.Contains(v.what, text) }) {
				t.Errorf("%s: %q is not reported; found: %v", export, text, got[export])
			}
		}
		if len(texts) == 0 && len(got[export]) > 0 {
			t.Errorf("%s: reported without reason: %v", export, got[export])
		}
	}
	for export := range want {
		if p.exports[export] == nil {
			t.Errorf("testdata has no export %s", export)
		}
	}
}
