package plugin

import (
	"fmt"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasi"
	"github.com/extism-js/extism-js/internal/wasm"
)

// fakeModule is a module without code: what it imports and exports is all that
// the state machine looks at.
type fakeModule struct {
	imports []engine.Import
	exports []engine.Export
}

func (m *fakeModule) Imports() []engine.Import { return m.imports }
func (m *fakeModule) Exports() []engine.Export { return m.exports }

// kindOf cuts the kind off the end of a description such as "name:memory"; it is
// a function without one.
func kindOf(text string) (string, engine.Kind) {
	if i := strings.LastIndexByte(text, ':'); i >= 0 {
		if k, ok := engine.ParseKind(text[i+1:]); ok {
			return text[:i], k
		}
	}
	return text, engine.KindFunction
}

// module makes a module from its name and two lists: imports as module/name,
// exports as name, each with :kind if it is no function. WASI stands for an
// import of it.
func module(name, imports, exports string) Module {
	m := &fakeModule{}
	for text := range strings.FieldsSeq(imports) {
		if text == "WASI" {
			text = "wasi_snapshot_preview1/fd_write"
		}
		text, kind := kindOf(text)
		i := strings.LastIndexByte(text, '/')
		m.imports = append(m.imports, engine.Import{Module: text[:i], Name: text[i+1:], Kind: kind})
	}
	for text := range strings.FieldsSeq(exports) {
		text, kind := kindOf(text)
		m.exports = append(m.exports, engine.Export{Name: text, Kind: kind})
	}
	return Module{Name: name, Module: m}
}

// typed gives one import (module/name) or export (name) of a module a type.
func typed(m Module, what string, t wasm.ExternType) Module {
	fake := m.Module.(*fakeModule)
	for i, imp := range fake.imports {
		if imp.Module+"/"+imp.Name == what && imp.Type == nil {
			fake.imports[i].Type, fake.imports[i].Kind = &t, engine.Kind(t.Kind)
			return m
		}
	}
	for i, e := range fake.exports {
		if e.Name == what {
			fake.exports[i].Type, fake.exports[i].Kind = &t, engine.Kind(t.Kind)
			return m
		}
	}
	panic("there is no " + what)
}

// fn is the type of a function without results.
func fn(params ...wasm.ValueType) wasm.ExternType {
	return wasm.ExternType{Kind: wasm.KindFunc, Func: &wasm.FuncType{Params: params}}
}

// config makes a plug-in's config; the module named main is the main one, or else
// the last.
func config(modules ...Module) Config {
	m := &manifest.Manifest{}
	for _, mod := range modules {
		m.Wasm = append(m.Wasm, manifest.Wasm{Name: mod.Name})
	}
	return Config{
		Manifest: m,
		Options:  &manifest.Options{UseWASI: true, LogLevel: manifest.LogOff, Functions: map[string]manifest.Functions{"user": {"f": nil, "g": nil, "i": {Params: []wasm.ValueType{wasm.I64}}}, "none": {}}},
		Modules:  modules,
		WASI: wasi.Options{
			Random:   func([]byte) {},
			Walltime: func() int64 { return 0 },
			Nanotime: func() int64 { return 0 },
		},
	}
}

func newPlugin(t *testing.T, modules ...Module) *Plugin {
	t.Helper()
	p, err := New(config(modules...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// created gives a plug-in that is ready.
func created(t *testing.T, modules ...Module) *Plugin {
	t.Helper()
	p := newPlugin(t, modules...)
	if got := perform(p, p.Start(), nil); !strings.HasSuffix(got, "ready") {
		t.Fatalf("not ready: %s", got)
	}
	return p
}

// describe puts a step into words.
func describe(p *Plugin, s Step) string {
	name := ""
	if s.Op != Kernel && s.Op != Ready && s.Op != Failed {
		name = p.linked.modules[s.Module].Name
	}
	switch s.Op {
	case Call:
		return "call " + name + "." + s.Function
	case Kernel:
		return "kernel"
	case Instantiate:
		return "instantiate " + name
	case Invoke:
		return "invoke " + name + "." + s.Function
	case Bridge:
		return "bridge " + name
	case Wire:
		return "wire " + name
	case Ready:
		return "ready"
	case Failed:
		return "failed"
	}
	return fmt.Sprintf("unknown step %d", s.Op)
}

// perform is a driver: it reports an outcome for each step, that of the table
// under the step's description or else success, until there is nothing more to
// do. It gives what it was told, up to there.
func perform(p *Plugin, s Step, outcomes map[string]func() Outcome) string {
	var told []string
	for range 100 {
		what := describe(p, s)
		told = append(told, what)
		if s.Op == Call || s.Op == Ready || s.Op == Failed {
			return strings.Join(told, ", ")
		}
		o := Outcome{}
		if f := outcomes[what]; f != nil {
			o = f()
		}
		s = p.Next(o)
	}
	return strings.Join(told, ", ") + ", and so on"
}

// call calls a function that ends in the given way, and gives what the driver was
// told to do.
func call(t *testing.T, p *Plugin, function string, end func() Outcome) (steps string, ok bool) {
	t.Helper()
	steps = perform(p, p.Begin(function), nil)
	if !strings.HasSuffix(steps, "call main."+function) {
		t.Fatalf("instead of a call of %q: %s; %v", function, steps, p.TakeError())
	}
	return steps, p.End(end())
}

func returned(code int32) func() Outcome {
	return func() Outcome { return Outcome{Code: code} }
}

func trapped(message string) func() Outcome {
	return func() Outcome { return Outcome{Kind: Trapped, Message: message} }
}

// exited is a trap after proc_exit in the given module.
func exited(p *Plugin, module int, code uint32) func() Outcome {
	return func() Outcome {
		p.WASI(module).ProcExit(code)
		return Outcome{Kind: Trapped, Message: "unreachable"}
	}
}

// stopped is a trap for a reason of the environment's.
func stopped(p *Plugin) func() Outcome {
	return func() Outcome {
		p.Env().SetStop(&fault.Error{Code: fault.VarsFull, Message: "var_set: full", Module: "extism:host/env", Function: "var_set"})
		return Outcome{Kind: Trapped, Message: "unreachable"}
	}
}

// said adds what the guest gave to error_set.
func said(text string, f func() Outcome) func() Outcome {
	return func() Outcome {
		o := f()
		o.GuestError = &text
		return o
	}
}

// wantError checks the error that was left: "CODE module function: text".
func wantError(t *testing.T, p *Plugin, want string) {
	t.Helper()
	if got := show(p.TakeError()); got != want {
		t.Errorf("the error is\n\t%s\nwant\n\t%s", got, want)
	}
	if again := p.TakeError(); again.Code != fault.Internal {
		t.Errorf("it is there twice: %v", again)
	}
}

func show(err error) string {
	if err == nil {
		return ""
	}
	e := fault.From(err)
	return fmt.Sprintf("%s %s.%s: %s", e.Code, e.Module, e.Function, e.Message)
}
