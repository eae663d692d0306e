//go:build !js

package archtest

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/extism-js/extism-js"

// A target is one of the two worlds that the module is built for.
type target struct {
	name string
	env  []string
}

var (
	native = target{"native", nil}
	js     = target{"js", []string{"GOOS=js", "GOARCH=wasm"}}
)

// listed is what `go list -json` tells of a package.
type listed struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func goList(t *testing.T, on target, args ...string) []listed {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,TestImports,XTestImports"}, args...)...)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), on.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list on %s: %v\n%s", on.name, err, stderr.Bytes())
	}
	var list []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// within reports whether an import path is one of the trees, or below one.
func within(importPath string, trees []string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		return importPath == tree || strings.HasPrefix(importPath, tree+"/")
	})
}

// ours gives the import paths of packages of this module.
func ours(packages ...string) []string {
	for i, p := range packages {
		packages[i] = path.Join(module, p)
	}
	return packages
}

// An importRule says that of all packages only some may import certain others.
type importRule struct {
	why      string
	imported []string
	only     []string // who may; nobody else
	tests    bool     // tests may as well
}

var importRules = []importRule{
	{
		why:      "only wazeroengine, tests and the command know wazero; all else sees the interfaces of internal/engine",
		imported: []string{"github.com/tetratelabs/wazero"},
		only:     ours("internal/engine/wazeroengine", "cmd", "e2e", "examples"),
		tests:    true,
	},
	{
		why:      "only bridge and webengine speak to JavaScript",
		imported: []string{"syscall/js", "github.com/hack-pad/safejs"},
		only:     ours("internal/bridge", "internal/engine/webengine"),
	},
	{
		why:      "only the end-to-end tests drive a browser",
		imported: []string{"github.com/chromedp"},
		only:     ours("e2e"),
	},
	{
		why:      "JSON schemas are for tests; the decoder of package manifest decides",
		imported: []string{"github.com/santhosh-tekuri/jsonschema"},
		tests:    true,
	},
	{
		why:      "bridge is the core's outermost layer: only the program imports it",
		imported: ours("internal/bridge"),
		only:     ours("cmd/extism-js"),
	},
	{
		why:      "who builds and serves is the command alone; the runtime needs neither",
		imported: ours("internal/build", "internal/serve"),
		only:     ours("cmd/extism-js", "e2e", "internal/build", "internal/serve"),
		tests:    true,
	},
	{
		why:      "an engine is chosen by whoever puts the parts together; the logic knows interfaces only",
		imported: ours("internal/engine/webengine", "internal/engine/wazeroengine"),
		only:     ours("internal/bridge", "cmd/extism-js", "e2e", "internal/engine/webengine", "internal/engine/wazeroengine"),
		tests:    true,
	},
	{
		why:      "the other SDKs are oracles of tests, never dependencies",
		imported: []string{"github.com/extism/go-sdk"},
		only:     ours("e2e"),
		tests:    true,
	},
}

// check says which imports break the rule.
func (r *importRule) check(p listed) (wrong []string) {
	if within(p.ImportPath, r.only) {
		return nil
	}
	imports := p.Imports
	if !r.tests {
		imports = slices.Concat(imports, p.TestImports, p.XTestImports)
	}
	for _, i := range imports {
		if within(i, r.imported) {
			wrong = append(wrong, i)
		}
	}
	return wrong
}

func TestImports(t *testing.T) {
	for _, on := range []target{native, js} {
		for _, p := range goList(t, on, "./...") {
			for _, rule := range importRules {
				for _, i := range rule.check(p) {
					t.Errorf("%s: %s imports %s, but %s", on.name, p.ImportPath, i, rule.why)
				}
			}
		}
	}
}

// A layer may import, of this module, only what is listed. That keeps the logic
// free of engines, of JavaScript and of cycles in thought.
var layers = []struct {
	pkg string
	may []string
}{
	{"internal/wasm", nil},
	{"internal/jsontree", nil},
	{"internal/fault", nil},
	{"internal/inject", nil},
	{"internal/engine", ours("internal/wasm")},
	{"internal/policy", ours("internal/fault", "internal/jsontree")},
	{"internal/manifest", ours("internal/fault", "internal/jsontree", "internal/wasm")},
	{"internal/kernel", ours("internal/engine", "internal/wasm")},
	{"internal/engine/enginetest", ours("internal/engine", "internal/wasm")},
	{"internal/wasi", ours("internal/engine", "internal/fault", "internal/inject")},
	{"internal/hostenv", ours("internal/engine", "internal/fault", "internal/inject", "internal/manifest", "internal/policy")},
	{"internal/plugin", ours("internal/engine", "internal/fault", "internal/hostenv", "internal/kernel", "internal/manifest",
		"internal/policy", "internal/wasi", "internal/wasm")},
}

func TestLayers(t *testing.T) {
	for _, on := range []target{native, js} {
		for _, p := range goList(t, on, "./...") {
			for _, layer := range layers {
				if p.ImportPath != module+"/"+layer.pkg {
					continue
				}
				for _, i := range p.Imports {
					if strings.HasPrefix(i, module+"/") && !slices.Contains(layer.may, i) {
						t.Errorf("%s: %s imports %s; it may import only %v of this module", on.name, layer.pkg, i, layer.may)
					}
				}
			}
		}
	}
}

// heavy lists what must not get into the core, where every page pays for it.
// The figures are what a package adds to the compressed download with all that
// it needs in turn, as far as they are known.
var heavy = []struct{ pkg, why string }{
	{"encoding/json", "it adds 155 KB through reflection; jsontree reads JSON"},
	{"encoding/gob", "reflection"},
	{"encoding/xml", "reflection"},
	{"text/template", "it keeps every exported method of the program alive"},
	{"html/template", "it keeps every exported method of the program alive"},
	{"net", "the core has no network; the shim fetches"},
	{"crypto", "hashes come from the platform, through the host object"},
	{"regexp", "its tables and machine; match by hand"},
	{"context", "the control plane has nothing that is cancelled by it, and it pulls in reflection"},
	{"log", "text for people goes through errors"},
	{"flag", "the core has no command line"},
	{"testing", "tests only"},
	{"go", "the toolchain's packages"},
	{"compress", "the platform decompresses"},
	{"math/big", "nothing here needs numbers of any size"},
	{"math/rand", "random numbers come from the platform, cryptographically secure"},
	{"os/exec", "there are no processes"},
	{"path/filepath", "guests' paths are slash-separated"},
	{"github.com/tetratelabs/wazero", "an interpreter belongs into a core of its own, loaded where it is needed"},
}

func TestCoreStaysSmall(t *testing.T) {
	for _, p := range goList(t, js, "-deps", "./cmd/extism-js") {
		for _, h := range heavy {
			if within(p.ImportPath, []string{h.pkg}) {
				t.Errorf("the core depends on %s: %s", p.ImportPath, h.why)
			}
		}
		if !strings.HasPrefix(p.ImportPath, module) {
			continue
		}
		if slices.Contains(p.Imports, "reflect") {
			t.Errorf("%s imports reflect, which keeps code alive that nobody calls; decode by hand", p.ImportPath)
		}
	}
}

// TestImportRulesCanFail keeps the rules honest: each reports a package made up
// to break it.
func TestImportRulesCanFail(t *testing.T) {
	for _, rule := range importRules {
		for _, imported := range rule.imported {
			p := listed{ImportPath: module + "/internal/newcomer", Imports: []string{"fmt", imported + "/sub"}}
			if len(rule.check(p)) != 1 {
				t.Errorf("a package that imports %s is not reported, though %s", imported, rule.why)
			}
			p = listed{ImportPath: p.ImportPath, TestImports: []string{imported}}
			if got := len(rule.check(p)) == 0; got != rule.tests {
				t.Errorf("a test that imports %s: allowed is %t, want %t", imported, got, rule.tests)
			}
			for _, who := range rule.only {
				if p = (listed{ImportPath: who, Imports: []string{imported}}); len(rule.check(p)) != 0 {
					t.Errorf("%s is not allowed to import %s", who, imported)
				}
			}
		}
	}
}
