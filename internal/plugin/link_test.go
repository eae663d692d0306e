package plugin

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasm"
)

func TestLinkErrors(t *testing.T) {
	for _, tt := range []struct {
		name    string
		modules []Module
		want    string
	}{
		{"nothing imported", []Module{module("main", "", "f")}, ""},
		{"everything there", []Module{
			module("side", "", "g m:memory t:table v:global"),
			module("main", "side/g side/m:memory side/t:table side/v:global user/f extism:host/env/alloc WASI", "f"),
		}, ""},
		{"no such module", []Module{module("main", "other/f", "")},
			`UNRESOLVED_IMPORT other.f: from module "main": cannot resolve import "other" "f": not provided by host imports nor linked manifest items; imported as a function; there are "user", "extism:host/env", "none", "wasi_snapshot_preview1"`},
		{"no such module, and no function", []Module{module("main", "env/memory:memory", "")},
			`UNRESOLVED_IMPORT env.memory: from module "main": cannot resolve import "env" "memory": not provided by host imports nor linked manifest items; imported as a memory; there are "extism:host/env", "none", "user", "wasi_snapshot_preview1"`},
		{"no such host function", []Module{module("main", "user/h", "")},
			`UNRESOLVED_IMPORT user.h: from module "main": cannot resolve import "user" "h": "user" is a host module, but does not contain "h"; imported as a function; it has "f", "g", "i"`},
		{"an empty namespace", []Module{module("main", "none/h", "")},
			`UNRESOLVED_IMPORT none.h: from module "main": cannot resolve import "none" "h": "none" is a host module, but does not contain "h"; imported as a function; it has none`},
		{"a host function as a global", []Module{module("main", "user/f:global", "")},
			`UNRESOLVED_IMPORT user.f: from module "main": cannot resolve import "user" "f": a global is asked for, and host imports are functions; imported as a global`},
		{"no such function of the environment", []Module{module("main", "extism:host/env/allocate", "")},
			`UNRESOLVED_IMPORT extism:host/env.allocate: from module "main": cannot resolve import "extism:host/env" "allocate": "extism:host/env" is a host module, but does not contain "allocate"; imported as a function; it has "alloc", "free", "http_status_code", "length_unsafe", "log_trace" and 27 more`},
		{"the kernel's memory", []Module{module("main", "extism:host/env/memory:memory", "")},
			`UNRESOLVED_IMPORT extism:host/env.memory: from module "main": cannot resolve import "extism:host/env" "memory": a memory is asked for, and host imports are functions; imported as a memory`},
		{"what the kernel keeps for the host", []Module{module("main", "extism:host/env/host_begin", "")},
			`UNRESOLVED_IMPORT extism:host/env.host_begin: from module "main": cannot resolve import "extism:host/env" "host_begin": "extism:host/env" is a host module, but does not contain "host_begin"; imported as a function; it has "http_headers", "http_request", "http_status_code", "log_warn", "alloc" and 27 more`},
		{"an environment's function as a table", []Module{module("main", "extism:host/env/alloc:table", "")},
			`UNRESOLVED_IMPORT extism:host/env.alloc: from module "main": cannot resolve import "extism:host/env" "alloc": a table is asked for, and host imports are functions; imported as a table`},
		{"no such function of WASI", []Module{module("main", "wasi_snapshot_preview1/fork", "")},
			`UNRESOLVED_IMPORT wasi_snapshot_preview1.fork: from module "main": cannot resolve import "wasi_snapshot_preview1" "fork": "wasi_snapshot_preview1" is a host module, but does not contain "fork"; imported as a function; it has "fd_seek", "fd_advise", "fd_allocate", "fd_close", "fd_datasync" and 41 more`},
		{"WASI of the wrong age", []Module{module("main", "wasi_unstable/fd_write", "")},
			`UNRESOLVED_IMPORT wasi_unstable.fd_write: from module "main": cannot resolve import "wasi_unstable" "fd_write": not provided by host imports nor linked manifest items; imported as a function; there are "wasi_snapshot_preview1", "none", "extism:host/env", "user"`},
		{"no such export", []Module{module("side", "", "f"), module("main", "side/g", "")},
			`UNRESOLVED_IMPORT side.g: from module "main": cannot resolve import "side" "g": module "side" exports no such function; imported as a function; it exports "f"`},
		{"an export of another kind", []Module{module("side", "", "g:global"), module("main", "side/g", "")},
			`UNRESOLVED_IMPORT side.g: from module "main": cannot resolve import "side" "g": module "side" exports no such function; imported as a function; exported as a global`},
		{"an export that should be a memory", []Module{module("side", "", "g"), module("main", "side/g:memory", "")},
			`UNRESOLVED_IMPORT side.g: from module "main": cannot resolve import "side" "g": module "side" exports no such memory; imported as a memory; exported as a function`},
		{"behind two modules", []Module{module("a", "other/f", "x"), module("b", "a/x", "y"), module("main", "b/y", "")},
			`UNRESOLVED_IMPORT other.f: from module "main"/"b"/"a": cannot resolve import "other" "f": not provided by host imports nor linked manifest items; imported as a function; there are "user", "b", "extism:host/env", "main", "none" and 1 more`},
		{"a module that nobody needs", []Module{module("idle", "other/f", ""), module("main", "", "f")}, ""},
		{"itself", []Module{module("main", "main/f", "f")}, `UNRESOLVED_IMPORT main.f: from module "main": cannot resolve import "main" "f": a module cannot import from itself; imported as a function`},
		{"a memory in a circle", []Module{module("a", "main/m:memory", "x:global"), module("main", "a/x:global", "m:memory")}, `UNRESOLVED_IMPORT main.m: from module "main"/"a": cannot resolve import "main" "m": modules can import only functions from each other in a circle; imported as a memory`},
		{"a diamond is no circle", []Module{
			module("base", "", "x"), module("a", "base/x", "y"), module("b", "base/x", "z"), module("main", "a/y b/z base/x", "f"),
		}, ""},
		{"a module in front of a host namespace of its name", []Module{module("user", "", "f h"), module("main", "user/h", "")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(config(tt.modules...))
			if got := show(err); got != tt.want {
				t.Errorf("the error is\n\t%s\nwant\n\t%s", got, tt.want)
			}
		})
	}
}

func TestWASIHasToBeEnabled(t *testing.T) {
	c := config(module("main", "WASI", ""))
	c.Options.UseWASI = false
	_, err := New(c)
	want := `UNRESOLVED_IMPORT wasi_snapshot_preview1.fd_write: from module "main": cannot resolve import "wasi_snapshot_preview1" "fd_write": WASI is not enabled; see the "useWasi" plugin option; imported as a function`
	if got := show(err); got != want {
		t.Errorf("the error is\n\t%s\nwant\n\t%s", got, want)
	}
}

// TestLinkChecksTypes: an import that the engine would refuse is refused before, in
// words that say what was asked for and what was on offer.
func TestLinkChecksTypes(t *testing.T) {
	three := uint64(3)
	memory := func(min uint64, max *uint64) wasm.ExternType {
		return wasm.ExternType{Kind: wasm.KindMemory, Memory: &wasm.Limits{Min: min, Max: max, PageLog: 16}}
	}
	table := func(min uint64, elem wasm.ValueType) wasm.ExternType {
		return wasm.ExternType{Kind: wasm.KindTable, Table: &wasm.TableType{Elem: elem, Limits: wasm.Limits{Min: min, PageLog: 16}}}
	}
	global := func(v wasm.ValueType, mutable bool) wasm.ExternType {
		return wasm.ExternType{Kind: wasm.KindGlobal, Global: &wasm.GlobalType{Value: v, Mutable: mutable}}
	}
	tag := fn(wasm.I32)
	tag.Kind = wasm.KindTag
	fromSide := func(offered, asked wasm.ExternType) []Module {
		return []Module{typed(module("side", "", "x"), "x", offered), typed(module("main", "side/x", "f"), "side/x", asked)}
	}
	imports := func(what string, asked wasm.ExternType) []Module {
		return []Module{typed(module("main", what, "f"), what, asked)}
	}
	for _, tt := range []struct {
		name    string
		modules []Module
		want    string
	}{
		{"the same function", fromSide(fn(wasm.I32), fn(wasm.I32)), ``},
		{"another function", fromSide(fn(wasm.I32), fn(wasm.I64, wasm.F32)), `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports it with another type; imported as (func (param i64 f32)); exported as (func (param i32))`},
		{"a function for a memory", fromSide(fn(wasm.I32), memory(1, nil)), `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports no such memory; imported as (memory 1); exported as (func (param i32))`},
		{"a larger memory", fromSide(memory(2, nil), memory(1, nil)), ``},
		{"a memory that is too small", fromSide(memory(1, nil), memory(2, nil)), `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports it with another type; imported as (memory 2); exported as (memory 1)`},
		{"a memory that may grow too far", fromSide(memory(1, nil), memory(1, &three)), `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports it with another type; imported as (memory 1 3); exported as (memory 1)`},
		{"another table", fromSide(table(1, wasm.ExternRef), table(1, wasm.FuncRef)), `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports it with another type; imported as (table 1 funcref); exported as (table 1 externref)`},
		{"a global that cannot change", fromSide(global(wasm.I32, false), global(wasm.I32, true)), `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports it with another type; imported as (global (mut i32)); exported as (global i32)`},
		{"another tag", fromSide(tag, wasm.ExternType{Kind: wasm.KindTag, Func: &wasm.FuncType{}}), `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports it with another type; imported as (tag); exported as (tag (param i32))`},
		{"what the provider has is not known", []Module{module("side", "", "x"), typed(module("main", "side/x", "f"), "side/x", fn(wasm.I32))}, ``},
		{"what the importer asks for is not known", []Module{typed(module("side", "", "x"), "x", fn(wasm.I32)), module("main", "side/x", "f")}, ``},
		{"the same name twice, with two types", []Module{
			typed(module("side", "", "x"), "x", fn(wasm.I32)),
			typed(typed(module("main", "side/x side/x", "f"), "side/x", fn(wasm.I32)), "side/x", memory(1, nil)),
		}, `UNRESOLVED_IMPORT side.x: from module "main": cannot resolve import "side" "x": module "side" exports no such memory; imported as (memory 1); exported as (func (param i32))`},
		{"a function of the environment", imports("extism:host/env/free", fn(wasm.I64)), ``},
		{"a function of the environment with 32 bits", imports("extism:host/env/free", fn(wasm.I32)), `UNRESOLVED_IMPORT extism:host/env.free: from module "main": cannot resolve import "extism:host/env" "free": "extism:host/env" is a host module, and its function is of another type; imported as (func (param i32)); offered as (func (param i64))`},
		{"a function of WASI", imports("wasi_snapshot_preview1/proc_exit", fn(wasm.I32)), ``},
		{"a function of WASI with 64 bits", imports("wasi_snapshot_preview1/proc_exit", fn(wasm.I64)), `UNRESOLVED_IMPORT wasi_snapshot_preview1.proc_exit: from module "main": cannot resolve import "wasi_snapshot_preview1" "proc_exit": "wasi_snapshot_preview1" is a host module, and its function is of another type; imported as (func (param i64)); offered as (func (param i32))`},
		{"a host function of any signature", imports("user/f", fn(wasm.F32, wasm.ExternRef, wasm.FuncRef)), ``},
		{"a host function of its signature", imports("user/i", fn(wasm.I64)), ``},
		{"a host function of another signature", imports("user/i", fn(wasm.I32)), `UNRESOLVED_IMPORT user.i: from module "main": cannot resolve import "user" "i": "user" is a host module, and its function is of another type; imported as (func (param i32)); offered as (func (param i64))`},
		{"a vector for a host function", imports("user/f", fn(wasm.I32, wasm.V128)), `UNRESOLVED_IMPORT user.f: from module "main": cannot resolve import "user" "f": a host function cannot take or give a value of type v128; imported as (func (param i32 v128))`},
		{"an exception for a host function", imports("user/f", fn(wasm.ExnRef)), `UNRESOLVED_IMPORT user.f: from module "main": cannot resolve import "user" "f": a host function cannot take or give a value of type exnref; imported as (func (param exnref))`},
		{"a vector between modules", fromSide(fn(wasm.V128), fn(wasm.V128)), ``},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(config(tt.modules...))
			if got := show(err); got != tt.want {
				t.Errorf("the error is\n\t%s\nwant\n\t%s", got, tt.want)
			}
		})
	}
}

// TestTwoModulesOfOneName: a module whose name is the number of one without a name
// would hide it.
func TestTwoModulesOfOneName(t *testing.T) {
	c := config(module("0", "", "f"), module("0", "", "f"), module("main", "0/f", ""))
	_, err := New(c)
	want := `INVALID_MANIFEST .: two modules are called "0"; one that has no name is called by its number in the manifest`
	if got := show(err); got != want {
		t.Errorf("the error is\n\t%s\nwant\n\t%s", got, want)
	}
}

// TestErrorsListNames: a handful of them, and not at any length.
func TestErrorsListNames(t *testing.T) {
	long := strings.Repeat("x", 500)
	_, err := New(config(module("side", "", "counted b a count discount "+long+" z y"), module("main", "side/counter", "")))
	want := `UNRESOLVED_IMPORT side.counter: from module "main": cannot resolve import "side" "counter": module "side" exports no such function; imported as a function; it exports "counted", "count", "a", "b", "discount" and 3 more`
	if got := show(err); got != want {
		t.Errorf("the error is\n\t%s\nwant\n\t%s", got, want)
	}
	_, err = New(config(module("side", "", long), module("main", "side/"+long+"y", "")))
	if got := show(err); len(got) > 1000+len(long) {
		t.Errorf("the error has %d bytes", len(got))
	}
}

// steps gives what a driver is told to create a plug-in of these modules.
func steps(t *testing.T, modules ...Module) string {
	t.Helper()
	p, err := New(config(modules...))
	if err != nil {
		return show(err)
	}
	return perform(p, p.Start(), nil)
}

func TestCircles(t *testing.T) {
	for _, tt := range []struct {
		name    string
		modules []Module
		want    string
	}{
		{"two modules", []Module{module("a", "main/f", "x"), module("main", "a/x", "f")},
			"kernel, bridge a, instantiate a, instantiate main, wire a, ready"},
		{"with initialisers", []Module{module("a", "main/f", "x _initialize"), module("main", "a/x", "f _initialize")},
			"kernel, bridge a, instantiate a, instantiate main, wire a, invoke a._initialize, invoke main._initialize, ready"},
		{"a side module that is a command", []Module{module("a", "main/f", "x _start"), module("main", "a/x", "f")},
			"kernel, bridge a, instantiate a, instantiate main, wire a, invoke a._start, ready"},
		{"away from the main module", []Module{module("a", "b/y", "x"), module("b", "a/x", "y _initialize"), module("main", "a/x", "f _initialize")},
			"kernel, bridge b, instantiate b, instantiate a, wire b, invoke b._initialize, instantiate main, invoke main._initialize, ready"},
		{"three modules", []Module{module("a", "b/f", "f"), module("b", "main/f", "f"), module("main", "a/f", "f")},
			"kernel, bridge b, instantiate b, instantiate a, instantiate main, wire b, ready"},
		{"each from each", []Module{module("a", "b/f main/f", "f"), module("b", "main/f a/f", "f"), module("main", "a/f b/f", "f")},
			"kernel, bridge b, instantiate b, bridge a, instantiate a, instantiate main, wire b, wire a, ready"},
		{"a memory one way", []Module{module("a", "main/m:memory", "x"), module("main", "a/x", "f m:memory")},
			"kernel, bridge main, instantiate main, instantiate a, wire main, ready"},
		{"two circles that share a module", []Module{module("a", "main/f", "x"), module("b", "main/f", "y"), module("main", "a/x b/y", "f")},
			"kernel, bridge a, instantiate a, bridge b, instantiate b, instantiate main, wire a, wire b, ready"},
		{"two circles one after the other", []Module{
			module("a", "b/x", "x"), module("b", "a/x", "x"), module("c", "d/x a/x", "x"), module("d", "c/x b/x", "x"), module("main", "c/x", "f"),
		}, "kernel, bridge a, instantiate a, instantiate b, wire a, bridge d, instantiate d, instantiate c, wire d, instantiate main, ready"},
		{"tables each way", []Module{module("a", "main/t:table", "t:table"), module("main", "a/t:table", "t:table")},
			`UNRESOLVED_IMPORT main.t: from module "main"/"a": cannot resolve import "main" "t": modules can import only functions from each other in a circle; imported as a table`},
		{"a knot of three behind a fourth", []Module{
			module("a", "b/m:memory", "m:memory"), module("b", "c/m:memory", "m:memory"), module("c", "a/m:memory", "m:memory"), module("main", "a/m:memory", "f"),
		}, `UNRESOLVED_IMPORT a.m: from module "main"/"a"/"b"/"c": cannot resolve import "a" "m": modules can import only functions from each other in a circle; imported as a memory`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := steps(t, tt.modules...); got != tt.want {
				t.Errorf("got\n\t%s\nwant\n\t%s", got, tt.want)
			}
		})
	}
}

func TestCirclesAreMadeAnewAfterATrap(t *testing.T) {
	p := created(t, module("a", "main/f", "x"), module("main", "a/x", "f"))
	call(t, p, "f", trapped("unreachable"))
	p.TakeError()
	const want = "bridge a, instantiate a, instantiate main, wire a, call main.f"
	if got, _ := call(t, p, "f", returned(0)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestTrampolines: one for each module, with each function once.
func TestTrampolines(t *testing.T) {
	a := module("a", "main/f main/g user/f main/f", "x")
	for range 2 {
		a = typed(a, "main/f", fn(wasm.I32))
	}
	main := typed(module("main", "a/x", "f g"), "g", fn(wasm.F64))
	p := newPlugin(t, a, main)
	tr := p.Trampoline(0)
	if want := (Link{0, "f", 1}); len(tr.Links) != 2 || tr.Links[0] != want || tr.Links[1] != (Link{1, "g", 1}) {
		t.Fatalf("links %v", tr.Links)
	}
	info, err := wasm.Parse(tr.Wasm)
	if err != nil {
		t.Fatal(err)
	}
	if f, g := info.Export("0").Func.String(), info.Export("1").Func.String(); f != "(i32) -> ()" || g != "(f64) -> ()" {
		t.Errorf("functions %s and %s", f, g)
	}
	if p.Trampoline(1) != nil {
		t.Error("the other module has one, too")
	}
	// Nothing can be made for types that are not known, or mean nothing elsewhere.
	for _, kind := range []wasm.ExternType{{}, fn(wasm.Ref)} {
		p = newPlugin(t, typed(module("a", "main/f", "x"), "main/f", kind), module("main", "a/x", "f"))
		if tr := p.Trampoline(0); len(tr.Links) != 1 || tr.Wasm != nil {
			t.Errorf("%+v", tr)
		}
	}
}

// TestCallsThatComeTooEarly: a start function runs before the circle is closed.
func TestCallsThatComeTooEarly(t *testing.T) {
	p := newPlugin(t, module("a", "main/f", "x"), module("b", "a/x main/g", "y"), module("main", "a/x b/y", "f g"))
	got := perform(p, p.Start(), map[string]func() Outcome{
		"instantiate b": func() Outcome { return Outcome{Kind: Trapped, Code: 1, Message: "unreachable"} },
	})
	if want := "kernel, bridge a, instantiate a, bridge b, instantiate b, failed"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	wantError(t, p, `INSTANTIATION b.: module "b" could not be instantiated: module "a" called function "f" of module "main", which is not there yet: `+
		`where modules import from each other in a circle, none can be called before all have been instantiated`)
}

// TestAnyGraph: whatever imports what, what is no function comes before who imports
// it, and a function comes before or by a trampoline; or else there is a circle.
func TestAnyGraph(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	refused := 0
	for range 3000 {
		n := 2 + random.IntN(6)
		imports := make([][]string, n)
		hard := make([][]bool, n)
		for i := range n {
			hard[i] = make([]bool, n)
			for range random.IntN(4) {
				if to := random.IntN(n); to != i {
					kind := []string{"f", "f", "f", "m:memory"}[random.IntN(4)]
					imports[i] = append(imports[i], fmt.Sprintf("m%d/%s", to, kind))
					hard[i][to] = hard[i][to] || kind != "f"
				}
			}
		}
		imports[0] = append(imports[0], fmt.Sprintf("m%d/f", 1+random.IntN(n-1)))
		var modules []Module
		for i := range n {
			modules = append(modules, module(fmt.Sprint("m", i), strings.Join(imports[i], " "), "f m:memory"))
		}
		c := config(modules...)
		l, err := link(modules, 0, c.Options)
		if err != nil {
			refused++
			if !circular(hard) {
				t.Fatalf("%v: %v", imports, err)
			}
			continue
		}
		checkOrder(t, l, imports)
	}
	if refused < 50 || refused > 1500 {
		t.Errorf("%d of 3000 were refused", refused)
	}
}

// circular says whether a graph has a circle.
func circular(edges [][]bool) bool {
	for range edges { // as many times as a path can be long
		for i := range edges {
			for j := range edges {
				for k := range edges {
					edges[i][j] = edges[i][j] || edges[i][k] && edges[k][j]
				}
			}
		}
	}
	for i := range edges {
		if edges[i][i] {
			return true
		}
	}
	return false
}

func checkOrder(t *testing.T, l *linked, imports [][]string) {
	t.Helper()
	place := map[int]int{}
	for i, m := range slices.Concat(l.order...) {
		place[m] = i
	}
	for m := range place {
		linked := map[Link]bool{}
		if tr := l.trampolines[m]; tr != nil {
			for _, link := range tr.Links {
				linked[Link{Name: link.Name, Provider: link.Provider}] = true
			}
		}
		for _, imp := range l.imports[m] {
			var provider int
			fmt.Sscanf(imp.Module, "m%d", &provider)
			at, there := place[provider]
			bridged := linked[Link{Name: imp.Name, Provider: provider}]
			if !there || at < place[m] == bridged || bridged && imp.Kind != engine.KindFunction {
				t.Fatalf("%v: order %v, links of %d: %v", imports, l.order, m, linked)
			}
		}
	}
}

// Nothing may recurse along a circle, or take long to find its order.
func TestLargeCircle(t *testing.T) {
	const n = 2000
	var modules []Module
	for i := range n {
		modules = append(modules, module(fmt.Sprint("m", i), fmt.Sprintf("m%d/f", (i+n-1)%n), "f"))
	}
	p := newPlugin(t, append(modules, module("main", "m0/f", "f"))...)
	if len(p.linked.order) != 2 || len(p.linked.order[0]) != n || len(p.linked.links) != 1 {
		t.Errorf("%d groups, %d links", len(p.linked.order), len(p.linked.links))
	}
}

// Who chooses the modules chooses the length of the chain, so nothing may recurse
// along it.
func TestLongChainOfModules(t *testing.T) {
	const n = 5000
	modules := []Module{module("m0", "", "f")}
	for i := 1; i < n; i++ {
		modules = append(modules, module(fmt.Sprint("m", i), fmt.Sprintf("m%d/f", i-1), "f"))
	}
	modules = append(modules, module("main", fmt.Sprintf("m%d/f", n-1), "f"))
	p := newPlugin(t, modules...)
	order := slices.Concat(p.linked.order...)
	if len(order) != n+1 {
		t.Fatalf("%d modules are instantiated", len(order))
	}
	for i, m := range order {
		if m != i {
			t.Fatalf("module %d comes at place %d", m, i)
		}
	}
}

// TestLimitsThatCannotBeKept: they are refused, not ignored.
func TestLimitsThatCannotBeKept(t *testing.T) {
	zero, some := uint32(0), uint32(1000)
	for _, tt := range []struct {
		name    string
		m, opts manifest.Manifest
		want    string
	}{
		{"none", manifest.Manifest{}, manifest.Manifest{}, ""},
		{"a timeout", manifest.Manifest{TimeoutMs: &some}, manifest.Manifest{}, "UNSUPPORTED .: timeoutMs: only a guest in a worker can be stopped; add runInWorker: true, or leave it out"},
		{"a timeout of zero means none", manifest.Manifest{TimeoutMs: &zero}, manifest.Manifest{}, ""},
		{"a timeout in the options", manifest.Manifest{}, manifest.Manifest{TimeoutMs: &some}, "UNSUPPORTED .: timeoutMs: only a guest in a worker can be stopped; add runInWorker: true, or leave it out"},
		{"a timeout that the options lift", manifest.Manifest{TimeoutMs: &some}, manifest.Manifest{TimeoutMs: &zero}, ""},
		{"paths", manifest.Manifest{AllowedPaths: map[string]string{"/a": "/b"}}, manifest.Manifest{}, "UNSUPPORTED .: allowedPaths: this version has no filesystems; leave it out"},
		{"no paths", manifest.Manifest{AllowedPaths: map[string]string{}}, manifest.Manifest{}, ""},
		{"paths that the options lift", manifest.Manifest{AllowedPaths: map[string]string{"/a": "/b"}}, manifest.Manifest{AllowedPaths: map[string]string{}}, ""},
		{"hosts", manifest.Manifest{AllowedHosts: []string{"*"}}, manifest.Manifest{}, ""},
	} {
		c := config(module("main", "", "f"))
		tt.m.Wasm = c.Manifest.Wasm
		c.Manifest, c.Options.Limits = &tt.m, tt.opts
		_, err := New(c)
		if got := show(err); got != tt.want {
			t.Errorf("%s: the error is %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestTimeoutInAWorker: whoever can end the worker keeps the limit.
func TestTimeoutInAWorker(t *testing.T) {
	zero, some := uint32(0), uint32(1000)
	for _, tt := range []struct {
		set, option *uint32
		want        uint32
	}{{nil, nil, 0}, {&zero, nil, 0}, {&some, nil, 1000}, {nil, &some, 1000}, {&some, &zero, 0}} {
		c := config(module("main", "", "f"))
		c.Manifest.TimeoutMs, c.Options.Limits.TimeoutMs = tt.set, tt.option
		c.Options.Stoppable = true
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.TimeoutMs(); got != tt.want {
			t.Errorf("%v, %v: %d ms, want %d", tt.set, tt.option, got, tt.want)
		}
	}
}

func TestMaxPages(t *testing.T) {
	zero, two := uint32(0), uint32(2)
	for _, tt := range []struct {
		set  *uint32
		want uint32
	}{{nil, 1<<32 - 1}, {&zero, 0}, {&two, 2}} {
		c := config(module("main", "", "f"))
		c.Manifest.Memory.MaxPages = tt.set
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MaxPages(); got != tt.want {
			t.Errorf("%v: %d pages, want %d", tt.set, got, tt.want)
		}
	}
}

func TestBadWASIOptions(t *testing.T) {
	c := config(module("main", "WASI", "f"))
	c.Options.UseWASI = true
	c.WASI.Env = []string{"no value"}
	_, err := New(c)
	if got, want := show(err), "INVALID_INPUT .: WASI: wasi: environment entry is not KEY=value: no value"; got != want {
		t.Errorf("the error is %q, want %q", got, want)
	}
}
