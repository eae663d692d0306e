package plugin

import (
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/wasi"
)

func TestSteps(t *testing.T) {
	for _, tt := range []struct {
		name          string
		modules       []Module
		create        string // steps of the creation
		first, second string // steps of two calls of f
	}{
		{
			"a plain module", []Module{module("main", "", "f")},
			"kernel, instantiate main, ready",
			"call main.f", "call main.f",
		},
		{
			"a reactor", []Module{module("main", "", "f _initialize")},
			"kernel, instantiate main, invoke main._initialize, ready",
			"call main.f", "call main.f",
		},
		{
			"a library with constructors", []Module{module("main", "", "f __wasm_call_ctors")},
			"kernel, instantiate main, invoke main.__wasm_call_ctors, ready",
			"call main.f", "call main.f",
		},
		{
			"a reactor runs its own constructors", []Module{module("main", "", "f __wasm_call_ctors _initialize")},
			"kernel, instantiate main, invoke main._initialize, ready",
			"call main.f", "call main.f",
		},
		{
			"Haskell", []Module{module("main", "", "f _initialize hs_init")},
			"kernel, instantiate main, invoke main._initialize, invoke main.hs_init, ready",
			"call main.f", "call main.f",
		},
		{
			"Haskell without a reactor", []Module{module("main", "", "f hs_init")},
			"kernel, instantiate main, invoke main.hs_init, ready",
			"call main.f", "call main.f",
		},
		{
			"a command starts before its first call", []Module{module("main", "", "f _start")},
			"kernel, instantiate main, ready",
			"invoke main._start, call main.f", "call main.f",
		},
		{
			"a command that is a reactor as well", []Module{module("main", "", "f _start _initialize")},
			"kernel, instantiate main, invoke main._initialize, ready",
			"call main.f", "call main.f",
		},
		{
			"initialisers that are no functions", []Module{module("main", "", "f _initialize:global _start:memory hs_init:table __wasm_call_ctors:global")},
			"kernel, instantiate main, ready",
			"call main.f", "call main.f",
		},
		{
			"a side module comes first", []Module{module("main", "side/g", "f"), module("side", "", "g")},
			"kernel, instantiate side, instantiate main, ready",
			"call main.f", "call main.f",
		},
		{
			"side modules are initialised before others use them",
			[]Module{module("a", "", "x _initialize"), module("b", "a/x", "y __wasm_call_ctors hs_init"), module("main", "b/y", "f _initialize")},
			"kernel, instantiate a, invoke a._initialize, instantiate b, invoke b.__wasm_call_ctors, invoke b.hs_init, instantiate main, invoke main._initialize, ready",
			"call main.f", "call main.f",
		},
		{
			"a side module that is a command runs at once", []Module{module("side", "", "g _start"), module("main", "side/g", "f _start")},
			"kernel, instantiate side, invoke side._start, instantiate main, ready",
			"invoke main._start, call main.f", "call main.f",
		},
		{
			"a diamond", []Module{module("main", "a/y b/z", "f"), module("a", "base/x", "y"), module("b", "base/x", "z"), module("base", "", "x")},
			"kernel, instantiate base, instantiate a, instantiate b, instantiate main, ready",
			"call main.f", "call main.f",
		},
		{
			"a module that nobody imports", []Module{module("idle", "", "g _start"), module("main", "", "f")},
			"kernel, instantiate main, ready",
			"call main.f", "call main.f",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlugin(t, tt.modules...)
			if got := perform(p, p.Start(), nil); got != tt.create {
				t.Errorf("creation:\n\t%s\nwant\n\t%s", got, tt.create)
			}
			for i, want := range []string{tt.first, tt.second} {
				if got, ok := call(t, p, "f", returned(0)); got != want || !ok {
					t.Errorf("call %d, which ended well: %t\n\t%s\nwant\n\t%s", i+1, ok, got, want)
				}
			}
		})
	}
}

// TestReplacement: what ends how, and what the next call does before it begins.
func TestReplacement(t *testing.T) {
	const again = "instantiate side, invoke side._initialize, instantiate main, invoke main._initialize, call main.f"
	for _, tt := range []struct {
		name string
		end  func(p *Plugin) func() Outcome
		ok   bool
		err  string
		next string
	}{
		{"returns 0", func(*Plugin) func() Outcome { return returned(0) }, true, "", "call main.f"},
		{"returns 1", func(*Plugin) func() Outcome { return returned(1) }, false,
			`NON_ZERO_EXIT main.f: function "f" ended with the non-zero code 1`, "call main.f"},
		{"returns -1", func(*Plugin) func() Outcome { return returned(-1) }, false,
			`NON_ZERO_EXIT main.f: function "f" ended with the non-zero code -1`, "call main.f"},
		{"sets an error and returns 0", func(*Plugin) func() Outcome { return said("oh", returned(0)) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: oh", "call main.f"},
		{"sets an error and returns 1", func(*Plugin) func() Outcome { return said("oh", returned(1)) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: oh", "call main.f"},
		{"sets an error and returns 2", func(*Plugin) func() Outcome { return said("oh", returned(2)) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: oh", "call main.f"},
		{"sets an error and returns -2", func(*Plugin) func() Outcome { return said("oh", returned(-2)) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: oh", "call main.f"},
		{"sets an empty error", func(*Plugin) func() Outcome { return said("", returned(0)) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: ", "call main.f"},
		{"traps", func(*Plugin) func() Outcome { return trapped("integer overflow") }, false,
			`TRAP main.f: function "f" trapped: integer overflow`, again},
		{"sets an error and traps", func(*Plugin) func() Outcome { return said("oh", trapped("unreachable")) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: oh", again},
		{"is stopped by the environment", stopped, false, "VARS_FULL extism:host/env.var_set: var_set: full", again},
		{"sets an error and is stopped", func(p *Plugin) func() Outcome { return said("oh", stopped(p)) }, false,
			"VARS_FULL extism:host/env.var_set: var_set: full", again},
		{"exits with 0", func(p *Plugin) func() Outcome { return exited(p, 1, 0) }, true, "", again},
		{"exits with 7", func(p *Plugin) func() Outcome { return exited(p, 1, 7) }, false,
			`NON_ZERO_EXIT main.f: function "f" ended with the non-zero code 7`, again},
		{"exits with 2^32 - 1", func(p *Plugin) func() Outcome { return exited(p, 1, 1<<32-1) }, false,
			`NON_ZERO_EXIT main.f: function "f" ended with the non-zero code -1`, again},
		{"exits with 7 in a side module", func(p *Plugin) func() Outcome { return exited(p, 0, 7) }, false,
			`NON_ZERO_EXIT main.f: function "f" ended with the non-zero code 7`, again},
		{"sets an error and exits with 0", func(p *Plugin) func() Outcome { return said("oh", exited(p, 1, 0)) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: oh", again},
		{"sets an error and exits with 7", func(p *Plugin) func() Outcome { return said("oh", exited(p, 1, 7)) }, false,
			"PLUGIN_ERROR main.f: Plugin-originated error: oh", again},
		{"fails in a user's function", func(*Plugin) func() Outcome { return func() Outcome { return Outcome{Kind: UserError} } }, false,
			"INTERNAL .: no error was left", again},
		{"finds no room for its input", func(*Plugin) func() Outcome {
			return func() Outcome { return Outcome{Kind: NoRoom, Code: -2} }
		}, false, "OUT_OF_MEMORY .f: no room for 4294967294 bytes of input in the plug-in's memory", "call main.f"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := created(t, module("side", "WASI", "g _initialize"), module("main", "side/g WASI", "f _initialize"))
			call(t, p, "f", returned(0)) // one that can be repeated comes first
			before := p.WASI(1)
			if _, ok := call(t, p, "f", tt.end(p)); ok != tt.ok {
				t.Errorf("the call ended well: %t", ok)
			}
			if !tt.ok {
				wantError(t, p, tt.err)
			}
			got, ok := call(t, p, "f", returned(0))
			if got != tt.next || !ok {
				t.Errorf("the next call, which ended well: %t\n\t%s\nwant\n\t%s", ok, got, tt.next)
			}
			if replaced := p.WASI(1) != before; replaced != (tt.next == again) {
				t.Errorf("the guest has a new WASI state: %t", replaced)
			}
			if got, ok := call(t, p, "f", returned(0)); got != "call main.f" || !ok {
				t.Errorf("the call after that, which ended well: %t\n\t%s", ok, got)
			}
		})
	}
}

// A command may be called by its own name, with an input; it runs only once in
// each instance.
func TestCallingStart(t *testing.T) {
	p := created(t, module("main", "WASI", "f _start"))
	for i, tt := range []struct {
		function string
		end      func() Outcome
		want     string
	}{
		{"_start", returned(0), "call main._start"},
		{"_start", exited(p, 0, 0), "instantiate main, call main._start"},
		{"f", returned(0), "instantiate main, invoke main._start, call main.f"},
		{"f", returned(0), "call main.f"},
		{"_start", returned(0), "call main._start"},
		{"f", trapped("x"), "instantiate main, invoke main._start, call main.f"},
		{"_start", returned(0), "instantiate main, call main._start"},
	} {
		if got, _ := call(t, p, tt.function, func() Outcome { return tt.end() }); got != tt.want {
			t.Errorf("call %d, of %s:\n\t%s\nwant\n\t%s", i+1, tt.function, got, tt.want)
		}
	}
}

// Go's and Rust's commands end their main with proc_exit(0): that is no failure
// of what comes after it.
func TestExitInInitialisation(t *testing.T) {
	for _, tt := range []struct {
		name, exports, at string
		code              uint32
		create, call      string
		err               string
	}{
		{"a reactor exits with 0", "f _initialize", "invoke main._initialize", 0,
			"kernel, instantiate main, invoke main._initialize, ready", "call main.f", ""},
		{"a reactor exits with 3", "f _initialize", "invoke main._initialize", 3,
			"kernel, instantiate main, invoke main._initialize, failed", "",
			`NON_ZERO_EXIT main._initialize: function "_initialize" ended with the non-zero code 3`},
		{"a command exits with 0", "f _start", "invoke main._start", 0,
			"kernel, instantiate main, ready", "invoke main._start, call main.f", ""},
		{"a command exits with 3", "f _start", "invoke main._start", 3,
			"kernel, instantiate main, ready", "invoke main._start, failed",
			`NON_ZERO_EXIT main._start: function "_start" ended with the non-zero code 3`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlugin(t, module("main", "WASI", tt.exports))
			outcomes := map[string]func() Outcome{tt.at: exited(p, 0, tt.code)}
			if got := perform(p, p.Start(), outcomes); got != tt.create {
				t.Fatalf("creation:\n\t%s\nwant\n\t%s", got, tt.create)
			}
			if tt.call != "" {
				if got := perform(p, p.Begin("f"), outcomes); got != tt.call {
					t.Errorf("call:\n\t%s\nwant\n\t%s", got, tt.call)
				}
			}
			if tt.err != "" {
				wantError(t, p, tt.err)
			} else if !p.End(Outcome{}) {
				t.Errorf("the call failed: %v", p.TakeError())
			}
		})
	}
}

func TestFailedCreation(t *testing.T) {
	for _, tt := range []struct {
		name, at string
		outcome  func(p *Plugin) func() Outcome
		steps    string
		err      string
	}{
		{"the kernel has no memory", "kernel", func(*Plugin) func() Outcome { return trapped("no memory") },
			"kernel, failed", "INSTANTIATION .: the kernel could not be instantiated: no memory"},
		{"a signature does not match", "instantiate main", func(*Plugin) func() Outcome { return trapped("signature mismatch") },
			"kernel, instantiate side, instantiate main, failed",
			`INSTANTIATION main.: module "main" could not be instantiated: signature mismatch`},
		{"a side module does not start", "instantiate side", func(*Plugin) func() Outcome { return trapped("unreachable") },
			"kernel, instantiate side, failed",
			`INSTANTIATION side.: module "side" could not be instantiated: unreachable`},
		{"the environment stops a start function", "instantiate main", stopped,
			"kernel, instantiate side, instantiate main, failed",
			"VARS_FULL extism:host/env.var_set: var_set: full"},
		{"an initialiser traps", "invoke main._initialize", func(*Plugin) func() Outcome { return trapped("unreachable") },
			"kernel, instantiate side, instantiate main, invoke main._initialize, failed",
			`TRAP main._initialize: function "_initialize" trapped: unreachable`},
		{"an initialiser sets an error", "invoke main._initialize", func(*Plugin) func() Outcome { return said("oh", returned(0)) },
			"kernel, instantiate side, instantiate main, invoke main._initialize, failed",
			"PLUGIN_ERROR main._initialize: Plugin-originated error: oh"},
		{"an initialiser sets an error and traps", "invoke main._initialize", func(*Plugin) func() Outcome { return said("oh", trapped("unreachable")) },
			"kernel, instantiate side, instantiate main, invoke main._initialize, failed",
			"PLUGIN_ERROR main._initialize: Plugin-originated error: oh"},
		{"the environment stops an initialiser", "invoke main._initialize", stopped,
			"kernel, instantiate side, instantiate main, invoke main._initialize, failed",
			"VARS_FULL extism:host/env.var_set: var_set: full"},
		{"a user's function fails in an initialiser", "invoke main._initialize",
			func(*Plugin) func() Outcome { return func() Outcome { return Outcome{Kind: UserError} } },
			"kernel, instantiate side, instantiate main, invoke main._initialize, failed",
			"INTERNAL main._initialize: the user's own error was not handed on"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPlugin(t, module("side", "", "g"), module("main", "side/g WASI", "f _initialize"))
			if got := perform(p, p.Start(), map[string]func() Outcome{tt.at: tt.outcome(p)}); got != tt.steps {
				t.Errorf("creation:\n\t%s\nwant\n\t%s", got, tt.steps)
			}
			wantError(t, p, tt.err)
			if got := perform(p, p.Begin("f"), nil); got != "failed" {
				t.Errorf("a call after that: %s", got)
			}
			wantError(t, p, "INTERNAL .f: the plug-in has not been created")
			if got := perform(p, p.Next(Outcome{}), nil); got != "failed" {
				t.Errorf("another step after that: %s", got)
			}
			wantError(t, p, "INTERNAL .: no step is under way")
		})
	}
}

// What an initialiser returns is nobody's business: C's constructors and hs_init
// have results that mean nothing here.
func TestResultsOfInitialisersAreIgnored(t *testing.T) {
	p := newPlugin(t, module("main", "", "f hs_init"))
	got := perform(p, p.Start(), map[string]func() Outcome{"invoke main.hs_init": returned(5)})
	if want := "kernel, instantiate main, invoke main.hs_init, ready"; got != want {
		t.Errorf("creation:\n\t%s\nwant\n\t%s", got, want)
	}
}

// TestReplacementThatFails: the plug-in stays usable, and the next call tries
// again from the start.
func TestReplacementThatFails(t *testing.T) {
	p := created(t, module("main", "", "f _start"))
	call(t, p, "f", trapped("first"))
	p.TakeError()
	const again = "instantiate main, invoke main._start, call main.f"
	for _, tt := range []struct{ at, steps, err string }{
		{"instantiate main", "instantiate main, failed", `INSTANTIATION main.: module "main" could not be instantiated: second`},
		{"invoke main._start", "instantiate main, invoke main._start, failed", `TRAP main._start: function "_start" trapped: second`},
	} {
		got := perform(p, p.Begin("f"), map[string]func() Outcome{tt.at: trapped("second")})
		if got != tt.steps {
			t.Errorf("the call's steps are\n\t%s\nwant\n\t%s", got, tt.steps)
		}
		wantError(t, p, tt.err)
		if p.Active() {
			t.Error("the plug-in is active")
		}
	}
	if got, ok := call(t, p, "f", returned(0)); got != again || !ok {
		t.Errorf("the call that succeeds: %s", got)
	}
}

func TestCallsThatCannotBegin(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T) *Plugin
		want    string
		active  bool
	}{
		{"before the creation", func(t *testing.T) *Plugin { return newPlugin(t, module("main", "", "f")) },
			"INTERNAL .f: the plug-in has not been created", false},
		{"during the creation", func(t *testing.T) *Plugin {
			p := newPlugin(t, module("main", "", "f"))
			p.Start()
			return p
		}, "INTERNAL .f: the plug-in has not been created", false},
		{"no such function", func(t *testing.T) *Plugin { return created(t, module("main", "", "g")) },
			`FUNCTION_NOT_FOUND main.f: Plugin error: function "f" does not exist`, false},
		{"no function", func(t *testing.T) *Plugin { return created(t, module("main", "", "f:memory")) },
			`NOT_A_FUNCTION main.f: Plugin error: export "f" is not a function`, false},
		{"a side module's function", func(t *testing.T) *Plugin {
			return created(t, module("side", "", "f"), module("main", "side/f", "g"))
		}, `FUNCTION_NOT_FOUND main.f: Plugin error: function "f" does not exist`, false},
		{"inside a call", func(t *testing.T) *Plugin {
			p := created(t, module("main", "", "f g"))
			p.Begin("g")
			return p
		}, `BUSY .f: the plug-in is inside a call of "g"; a call of "f" from there is not possible`, true},
		{"inside a call of the same function, which is known", func(t *testing.T) *Plugin {
			p := created(t, module("main", "", "f"))
			call(t, p, "f", returned(0))
			p.Begin("f")
			return p
		}, `BUSY .f: the plug-in is inside a call of "f"; a call of "f" from there is not possible`, true},
		{"while another call prepares", func(t *testing.T) *Plugin {
			p := created(t, module("main", "", "f g _start"))
			p.Begin("g")
			return p
		}, `BUSY .f: the plug-in is inside a call of "g"; a call of "f" from there is not possible`, true},
		{"closed", func(t *testing.T) *Plugin {
			p := created(t, module("main", "", "f"))
			call(t, p, "f", returned(0))
			p.Close()
			return p
		}, "CLOSED .f: the plug-in has been closed", false},
		{"closed inside a call", func(t *testing.T) *Plugin {
			p := created(t, module("main", "", "f"))
			p.Begin("f")
			p.Close()
			return p
		}, "CLOSED .f: the plug-in has been closed", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := tt.prepare(t)
			if got := describe(p, p.Begin("f")); got != "failed" {
				t.Errorf("the step is %s", got)
			}
			wantError(t, p, tt.want)
			if p.Active() != tt.active {
				t.Errorf("active: %t", p.Active())
			}
		})
	}
}

// A call that is refused because another one is under way leaves that one alone.
func TestRefusedCallLeavesTheOtherAlone(t *testing.T) {
	p := created(t, module("main", "", "f g"))
	if got := describe(p, p.Begin("f")); got != "call main.f" || !p.Active() {
		t.Fatalf("%s, active: %t", got, p.Active())
	}
	p.Begin("g")
	p.TakeError()
	if !p.End(Outcome{}) || p.Active() {
		t.Errorf("the first call failed, or is still active: %v", p.TakeError())
	}
	if _, ok := call(t, p, "g", returned(0)); !ok {
		t.Error("the next call failed")
	}
}

func TestExported(t *testing.T) {
	p := created(t, module("main", "", "f m:memory"))
	for _, tt := range []struct {
		name string
		want string
	}{
		{"f", ""},
		{"m", `NOT_A_FUNCTION main.m: Plugin error: export "m" is not a function`},
		{"g", `FUNCTION_NOT_FOUND main.g: Plugin error: function "g" does not exist`},
		{"", `FUNCTION_NOT_FOUND main.: Plugin error: function "" does not exist`},
		{"constructor", `FUNCTION_NOT_FOUND main.constructor: Plugin error: function "constructor" does not exist`},
	} {
		if got := p.Exported(tt.name); got != (tt.want == "") {
			t.Errorf("%q: %t", tt.name, got)
		}
		if tt.want != "" {
			wantError(t, p, tt.want)
		}
	}
}

// TestOutOfTurn: a driver that reports what nobody has asked for gets an error,
// and the plug-in is as it was.
func TestOutOfTurn(t *testing.T) {
	p := newPlugin(t, module("main", "", "f"))
	next := func(when string) {
		t.Helper()
		if got := describe(p, p.Next(Outcome{})); got != "failed" {
			t.Errorf("Next %s: %s", when, got)
		}
		wantError(t, p, "INTERNAL .: no step is under way")
	}
	end := func(when string) {
		t.Helper()
		if p.End(Outcome{}) {
			t.Errorf("End %s ended well", when)
		}
		wantError(t, p, "INTERNAL .: no call is under way")
	}
	next("before Start")
	end("before Start")
	step := p.Start()
	end("during the creation")
	if got := perform(p, step, nil); got != "kernel, instantiate main, ready" {
		t.Fatal(got)
	}
	next("when idle")
	end("when idle")
	p.Begin("f")
	next("inside a call")
	if !p.End(Outcome{}) {
		t.Error("the call failed")
	}
	end("after the call")
	p.Close()
	next("after Close")
	end("after Close")
}

func TestClose(t *testing.T) {
	p := created(t, module("main", "WASI", "f"))
	p.Env().SetVar([]byte("a"), []byte("b"))
	if !p.Close() {
		t.Error("the first Close did nothing")
	}
	if p.Close() {
		t.Error("the second Close did something")
	}
	if _, there := p.Env().Var([]byte("a")); there {
		t.Error("the vars are still there")
	}
	if p.WASI(0) != nil {
		t.Error("the WASI state is still there")
	}
}

// Vars outlive the instances: only the guest's own memory is gone after a trap.
func TestVarsOutliveATrap(t *testing.T) {
	p := created(t, module("main", "", "f"))
	p.Env().SetVar([]byte("a"), []byte("b"))
	call(t, p, "f", trapped("x"))
	call(t, p, "f", returned(0))
	if v, _ := p.Env().Var([]byte("a")); string(v) != "b" {
		t.Errorf("the var is %q", v)
	}
}

func TestWASIOfModules(t *testing.T) {
	p := newPlugin(t, module("side", "WASI", "g"), module("plain", "", "h"), module("main", "side/g plain/h WASI", "f"))
	if p.WASI(0) != nil {
		t.Error("there is a state before the instance")
	}
	perform(p, p.Start(), nil)
	states := map[*wasi.System]bool{p.WASI(0): true, p.WASI(2): true}
	if len(states) != 2 || states[nil] {
		t.Error("modules share a state, or have none")
	}
	for _, i := range []int{-1, 1, 3} {
		if p.WASI(i) != nil {
			t.Errorf("module %d has a state", i)
		}
	}
}

func TestMainIsTheOneNamedSo(t *testing.T) {
	p := newPlugin(t, module("main", "", "f"), module("other", "", "g"))
	if p.Main() != 0 {
		t.Errorf("the main module is %d", p.Main())
	}
	p = newPlugin(t, module("a", "", "f"), module("b", "", "g"))
	if p.Main() != 1 {
		t.Errorf("the main module is %d", p.Main())
	}
}

// A guest can say anything of any length.
func TestLongGuestError(t *testing.T) {
	p := created(t, module("main", "", "f"))
	text := strings.Repeat("%s\x00\xff", 1<<16)
	call(t, p, "f", said(text, returned(0)))
	wantError(t, p, "PLUGIN_ERROR main.f: Plugin-originated error: "+text)
}
