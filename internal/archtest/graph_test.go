//go:build !js

package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/cha"
	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// A program is one js/wasm program with its call graph. "Own" functions are all
// that are not of the standard library: this module's and its dependencies'.
type program struct {
	fset     *token.FileSet
	packages map[string]*packages.Package // own, by import path
	graph    *callgraph.Graph
	exports  map[string]*ssa.Function // //go:wasmexport
	imports  map[string]*types.Func   // //go:wasmimport, by "module name"
	root     string
}

// load builds the call graph of the packages that match a pattern. Calls through
// interfaces and function values are resolved by variable type analysis: to what
// may really flow there, nothing more.
func load(pattern string, tags ...string) (*program, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	roots, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedImports | packages.NeedDeps | packages.NeedSyntax |
			packages.NeedTypes | packages.NeedTypesInfo | packages.NeedTypesSizes | packages.NeedFiles | packages.NeedModule,
		Dir:        root,
		Env:        append(os.Environ(), "GOOS=js", "GOARCH=wasm"),
		Fset:       fset,
		BuildFlags: []string{"-tags=" + strings.Join(tags, ",")},
	}, pattern)
	if err != nil {
		return nil, err
	}
	p := &program{
		fset:     fset,
		packages: map[string]*packages.Package{},
		exports:  map[string]*ssa.Function{},
		imports:  map[string]*types.Func{},
		root:     root,
	}
	var broken []error
	packages.Visit(roots, nil, func(pkg *packages.Package) {
		for _, e := range pkg.Errors {
			broken = append(broken, e)
		}
		if pkg.Module != nil {
			p.packages[pkg.PkgPath] = pkg
		}
	})
	if len(broken) > 0 {
		return nil, fmt.Errorf("loading %s: %w", pattern, broken[0])
	}
	prog, _ := ssautil.AllPackages(roots, ssa.InstantiateGenerics)
	prog.Build()
	p.graph = vta.CallGraph(ssautil.AllFunctions(prog), cha.CallGraph(prog))
	for _, pkg := range p.packages {
		p.directives(pkg, prog)
	}
	return p, nil
}

// directives notes a package's raw exports and imports.
func (p *program) directives(pkg *packages.Package, prog *ssa.Program) {
	for _, file := range pkg.Syntax {
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Doc == nil {
				continue
			}
			obj := pkg.TypesInfo.Defs[f.Name].(*types.Func)
			for _, c := range f.Doc.List {
				if name, ok := strings.CutPrefix(c.Text, "//go:wasmexport "); ok {
					p.exports[name] = prog.FuncValue(obj)
				}
				if name, ok := strings.CutPrefix(c.Text, "//go:wasmimport "); ok {
					p.imports[name] = obj
				}
			}
		}
	}
}

// core is the core as it ships.
var core = sync.OnceValues(func() (*program, error) { return load("./cmd/extism-js") })

func loadCore(t *testing.T) *program {
	t.Helper()
	p, err := core()
	if err != nil {
		t.Fatal(err)
	}
	if len(p.exports) < 30 || len(p.imports) == 0 {
		t.Fatalf("%d exports and %d imports found; the directives are not being read", len(p.exports), len(p.imports))
	}
	return p
}

// declared gives the function that a function was made from: itself, or the
// generic one that it instantiates.
func declared(f *ssa.Function) *ssa.Function {
	if o := f.Origin(); o != nil {
		return o
	}
	return f
}

// packageOf gives the import path of the package that a function is declared in;
// for a wrapper, that of the method behind it.
func packageOf(f *ssa.Function) string {
	f = declared(f)
	for f.Parent() != nil {
		f = declared(f.Parent())
	}
	if f.Pkg != nil {
		return f.Pkg.Pkg.Path()
	}
	if obj := f.Object(); obj != nil && obj.Pkg() != nil {
		return obj.Pkg().Path()
	}
	return ""
}

func (p *program) own(f *ssa.Function) bool { return p.packages[packageOf(f)] != nil }

// name gives a function as people write it: fmt.Sprintf, (*time.Timer).Stop.
func name(f *ssa.Function) string {
	f = declared(f)
	if obj, ok := f.Object().(*types.Func); ok && obj != nil {
		return strings.ReplaceAll(obj.FullName(), module+"/internal/", "")
	}
	return strings.ReplaceAll(f.String(), module+"/internal/", "")
}

// position gives a place in the source relative to the module's root.
func (p *program) position(at token.Pos) string {
	pos := p.fset.Position(at)
	if rel, err := filepath.Rel(p.root, pos.Filename); err == nil && !strings.HasPrefix(rel, "..") {
		pos.Filename = rel
	}
	return fmt.Sprintf("%s:%d", pos.Filename, pos.Line)
}

// callees lists what a function may call, each with the place of the call, in the
// order of the source.
func (p *program) callees(f *ssa.Function) []*callgraph.Edge {
	node := p.graph.Nodes[f]
	if node == nil {
		return nil
	}
	edges := slices.Clone(node.Out)
	slices.SortStableFunc(edges, func(a, b *callgraph.Edge) int { return int(a.Pos() - b.Pos()) })
	return edges
}
