package plugin

import (
	"strconv"
	"strings"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/wasm"
)

// refusal says why an import cannot be resolved, and what there is instead. The zero
// value is none.
type refusal struct{ reason, offer string }

// resolve finds what satisfies an import: a module, or the host, which is -1.
func (w *walk) resolve(module int, imp *engine.Import) (provider int, _ refusal) {
	provider, fromModule := w.byName[imp.Module]
	switch {
	case !fromModule:
		return -1, w.checkHost(module, imp)
	case provider == module:
		return provider, refusal{reason: "a module cannot import from itself"}
	}
	e, ok := w.exports[provider][imp.Name]
	var no refusal
	switch {
	case !ok:
		no = refusal{"no such " + imp.Kind.String(), "it exports " + nearest(imp.Name, exportNames(w.exports[provider]))}
	case e.Kind != imp.Kind:
		no = refusal{"no such " + imp.Kind.String(), "exported as " + typeText(e.Kind, e.Type)}
	case imp.Type != nil && e.Type != nil && !imp.Type.Accepts(*e.Type):
		no = refusal{"it with another type", "exported as " + e.Type.String()}
	default:
		return provider, refusal{}
	}
	no.reason = "module " + quote(imp.Module) + " exports " + no.reason
	return provider, no
}

// checkHost says why the host does not offer an import, if so.
func (w *walk) checkHost(module int, imp *engine.Import) refusal {
	env, wasi := imp.Module == kernel.EnvModule, imp.Module == kernel.WasiModule
	functions, user := w.options.Functions[imp.Module]
	switch {
	case wasi && !w.options.UseWASI:
		return refusal{reason: `WASI is not enabled; see the "useWasi" plugin option`}
	case !env && !wasi && !user:
		return refusal{"not provided by host imports nor linked manifest items", "there are " + nearest(imp.Module, w.namespaces(module))}
	case imp.Kind != engine.KindFunction:
		return refusal{reason: "a " + imp.Kind.String() + " is asked for, and host imports are functions"}
	case env:
		return checkFixed(kernel.EnvFunctions, imp)
	case wasi:
		w.importsWASI[module] = true
		return checkFixed(kernel.WasiFunctions, imp)
	}
	have, ok := functions[imp.Name]
	if !ok {
		var names []string
		for name := range functions {
			names = append(names, name)
		}
		return missing(imp, names)
	}
	if no := checkFunction(imp, have); no.reason != "" || imp.Type == nil || imp.Type.Func == nil {
		return no
	}
	for _, types := range [][]wasm.ValueType{imp.Type.Func.Params, imp.Type.Func.Results} {
		for _, t := range types {
			if !t.Crosses() {
				return refusal{reason: "a host function cannot take or give a value of type " + t.String()}
			}
		}
	}
	return refusal{}
}

// checkFixed is checkHost for the functions that are always the same.
func checkFixed(functions []kernel.Function, imp *engine.Import) refusal {
	for i := range functions {
		if f := &functions[i]; f.Name == imp.Name {
			return checkFunction(imp, &f.Type)
		}
	}
	var names []string
	for i := range functions {
		names = append(names, functions[i].Name)
	}
	return missing(imp, names)
}

// checkFunction says why a function of the host's does not suit an import, if so.
// One whose signature is not known has any.
func checkFunction(imp *engine.Import, have *wasm.FuncType) refusal {
	if offer := (wasm.ExternType{Kind: wasm.KindFunc, Func: have}); imp.Type != nil && !imp.Type.Accepts(offer) {
		return refusal{quote(imp.Module) + " is a host module, and its function is of another type", "offered as " + offer.String()}
	}
	return refusal{}
}

// missing is the refusal if a namespace of the host's lacks a function.
func missing(imp *engine.Import, names []string) refusal {
	return refusal{quote(imp.Module) + " is a host module, but does not contain " + quote(imp.Name), "it has " + nearest(imp.Name, names)}
}

func typeText(kind engine.Kind, t *wasm.ExternType) string {
	if t == nil {
		return "a " + kind.String()
	}
	return t.String()
}

// unresolved is the error of an import that nothing satisfies, with the chain of
// modules that leads to it: the path, and what comes behind.
func (w *walk) unresolved(behind []int, imp *engine.Import, no refusal) *fault.Error {
	text := "from module "
	for _, s := range w.path {
		text += quote(w.modules[s.module].Name) + "/"
	}
	for _, m := range behind {
		text += quote(w.modules[m].Name) + "/"
	}
	text = strings.TrimSuffix(text, "/") + ": cannot resolve import " + quote(imp.Module) + " " + quote(imp.Name) + ": " +
		no.reason + "; imported as " + typeText(imp.Kind, imp.Type)
	if no.offer != "" {
		text += "; " + no.offer
	}
	return &fault.Error{Code: fault.UnresolvedImport, Message: text, Module: imp.Module, Function: imp.Name}
}

func exportNames(exports map[string]engine.Export) []string {
	var names []string
	for name := range exports {
		names = append(names, name)
	}
	return names
}

// namespaces names what a module can import from.
func (w *walk) namespaces(module int) []string {
	names := []string{kernel.EnvModule}
	if w.options.UseWASI {
		names = append(names, kernel.WasiModule)
	}
	for name := range w.options.Functions {
		names = append(names, name)
	}
	for i, m := range w.modules {
		if i != module {
			names = append(names, m.Name)
		}
	}
	return names
}

// few is how many names an error lists.
const few = 5

// nearest lists the names that are most like the one that is wanted, and says how
// many more there are. It changes the slice.
func nearest(wanted string, names []string) string {
	text, sep := "", ""
	for n := 0; n < few && len(names) > 0; n++ {
		best := 0
		for i := range names {
			if a, b := likeness(wanted, names[i]), likeness(wanted, names[best]); a > b || a == b && names[i] < names[best] {
				best = i
			}
		}
		text += sep + quote(names[best])
		sep = ", "
		names[best] = names[len(names)-1]
		names = names[:len(names)-1]
	}
	switch {
	case text == "":
		return "none"
	case len(names) > 0:
		return text + " and " + strconv.Itoa(len(names)) + " more"
	}
	return text
}

// likeness is how many bytes two names share at their ends.
func likeness(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	a, b = a[n:], b[n:]
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		n++
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return n
}

// quote puts a name into an error. Some are as long as somebody likes.
func quote(name string) string {
	const most = 100
	if len(name) > most {
		name = name[:most] + "…"
	}
	return strconv.Quote(name)
}
