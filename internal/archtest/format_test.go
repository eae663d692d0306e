//go:build !js

package archtest

import (
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"slices"
	"testing"
)

// The core is built with a package fmt of our own, internal/overlay/std/fmt, that
// covers what error messages need. This test finds the calls that would read
// differently with it; those that it lacks altogether fail the build.

// formatters says which operand of a formatting function is the format, or -1.
var formatters = map[string]int{"Sprintf": 0, "Errorf": 0, "Fprintf": 1, "Fprint": -1}

var verbs = regexp.MustCompile(`(?s)%\+?(.)`)

func TestFormatsOfTheCore(t *testing.T) {
	p, err := load("./cmd/extism-js")
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for _, pkg := range p.packages {
		for _, file := range pkg.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				name, ok := formatter(pkg.TypesInfo, call)
				if !ok {
					return true
				}
				calls++
				if why := uncovered(pkg.TypesInfo, name, call); why != "" {
					t.Errorf("%s: fmt.%s: %s", p.fset.Position(call.Pos()), name, why)
				}
				return true
			})
		}
	}
	if calls < 20 {
		t.Errorf("only %d calls of fmt found: is this still the way to find them?", calls)
	}
}

// formatter gives the name of the function of fmt that is called, if one is.
func formatter(info *types.Info, call *ast.CallExpr) (name string, ok bool) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	fn, ok := info.Uses[sel.Sel].(*types.Func)
	return sel.Sel.Name, ok && fn.Pkg() != nil && fn.Pkg().Path() == "fmt" && fn.Signature().Recv() == nil
}

// uncovered says what of a call the package does not cover, if anything.
func uncovered(info *types.Info, name string, call *ast.CallExpr) string {
	at, ok := formatters[name]
	if !ok {
		return "there is no such function"
	}
	if at < 0 {
		return uncoveredOperand(info.TypeOf(call.Args[1]), "v")
	}
	format := info.Types[call.Args[at]].Value
	if format == nil || call.Ellipsis.IsValid() {
		return "the format is no constant, or the operands are a slice"
	}
	operands := call.Args[at+1:]
	for _, m := range verbs.FindAllStringSubmatch(constant.StringVal(format), -1) {
		verb := m[1]
		if verb == "%" {
			continue
		}
		if !slices.Contains([]string{"s", "q", "d", "v", "w"}, verb) {
			return "a verb or flag %" + verb
		}
		if why := uncoveredOperand(info.TypeOf(operands[0]), verb); why != "" {
			return why
		}
		operands = operands[1:]
	}
	return ""
}

// uncoveredOperand says why an operand of that type is not formatted by the verb.
func uncoveredOperand(of types.Type, verb string) string {
	text := verb != "d"
	if types.IsInterface(of) && of.Underlying().(*types.Interface).NumMethods() == 0 {
		if verb == "v" {
			return "" // whatever there is; the package does what it can
		}
	} else if hasMethod(of, "Error") || hasMethod(of, "String") {
		if text {
			return ""
		}
	} else if b, ok := types.Unalias(of).(*types.Basic); ok {
		switch {
		case b.Info()&types.IsString != 0 && text,
			b.Info()&types.IsInteger != 0 && verb != "s",
			b.Info()&types.IsBoolean != 0 && verb == "v":
			return ""
		}
	} else if of.String() == "[]byte" && (verb == "s" || verb == "q") {
		return ""
	}
	return "an operand of type " + of.String() + " with verb %" + verb
}

// hasMethod reports whether a type has that method, without parameters and with one
// result that is text.
func hasMethod(of types.Type, name string) bool {
	obj, _, _ := types.LookupFieldOrMethod(of, false, nil, name)
	fn, ok := obj.(*types.Func)
	if !ok {
		return false
	}
	sig := fn.Signature()
	return sig.Params().Len() == 0 && sig.Results().Len() == 1 && types.Identical(sig.Results().At(0).Type(), types.Typ[types.String])
}
