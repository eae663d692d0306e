//go:build !js

package archtest

import (
	"fmt"
	"go/constant"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/extism-js/extism-js/internal/jsontree"
	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasm"
)

// The interface between shim and core is written down twice, in Go and in
// JavaScript, and no compiler sees both. These tests do.

// read gives a file of the module, by its path from the root.
func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// shim gives all sources of the shim, as one text.
func shim(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("../../web/src/*.mjs")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d sources of the shim: %v", len(files), err)
	}
	var all strings.Builder
	for _, f := range files {
		all.WriteString(read(t, filepath.Join("web/src", filepath.Base(f))))
	}
	return all.String()
}

// found gives what the first group of a pattern matches in a text, each once and
// sorted. It is an error if that is nothing: the text is written in another way
// then, and the test must learn it.
func found(t *testing.T, text, pattern string) []string {
	t.Helper()
	set := map[string]bool{}
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
		set[m[1]] = true
	}
	if len(set) == 0 {
		t.Fatalf("nothing looks like %s", pattern)
	}
	return slices.Sorted(maps.Keys(set))
}

// members gives the functions of an object literal that is a class's field,
// name = {…}, with the number of their parameters.
func members(t *testing.T, text, field string) map[string]int {
	t.Helper()
	_, body, ok := strings.Cut(text, "\n  "+field+" = {\n")
	body, _, closed := strings.Cut(body, "\n  };\n")
	if !ok || !closed {
		t.Fatalf("there is no %s = {…}", field)
	}
	list := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^    (\w+): \(([^)]*)\) =>`).FindAllStringSubmatch(body, -1) {
		list[m[1]] = count(m[2])
	}
	if len(list) == 0 {
		t.Fatalf("%s has no functions", field)
	}
	return list
}

// count counts what is in a list of parameters or arguments.
func count(list string) int {
	if strings.TrimSpace(list) == "" {
		return 0
	}
	depth, n := 0, 1
	for _, c := range list {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				n++
			}
		}
	}
	return n
}

// argumentsAt gives the list of arguments that begins a text, up to its closing
// parenthesis.
func argumentsAt(text string) string {
	depth := 1
	for i, c := range text {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text[:i]
			}
		}
	}
	return text
}

// same compares two sets of names.
func same(t *testing.T, what string, goSide, jsSide []string) {
	t.Helper()
	for _, n := range goSide {
		if !slices.Contains(jsSide, n) {
			t.Errorf("%s: JavaScript does not have %s", what, n)
		}
	}
	for _, n := range jsSide {
		if !slices.Contains(goSide, n) {
			t.Errorf("%s: Go does not have %s", what, n)
		}
	}
}

// wasmType gives the signature that a raw export or import has in the module.
func wasmType(t *testing.T, s *types.Signature) wasm.FuncType {
	t.Helper()
	value := func(v *types.Var) wasm.ValueType {
		b, ok := v.Type().Underlying().(*types.Basic)
		if !ok {
			t.Fatalf("%s cannot cross the interface", v.Type())
		}
		switch b.Kind() {
		case types.Int64, types.Uint64:
			return wasm.I64
		case types.Float32:
			return wasm.F32
		case types.Float64:
			return wasm.F64
		}
		return wasm.I32
	}
	var f wasm.FuncType
	for v := range s.Params().Variables() {
		f.Params = append(f.Params, value(v))
	}
	for v := range s.Results().Variables() {
		f.Results = append(f.Results, value(v))
	}
	return f
}

func parse(t *testing.T, module []byte) *wasm.Info {
	t.Helper()
	info, err := wasm.Parse(module)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// TestExportsAreUsedAsTheyAre: what the shim calls exists, with as many
// parameters, and what exists is used by the shim or by an adapter.
func TestExportsAreUsedAsTheyAre(t *testing.T) {
	p, js := loadCore(t), shim(t)
	used := map[string]bool{}
	for _, at := range regexp.MustCompile(`\babi\.(\w+)\(`).FindAllStringSubmatchIndex(js, -1) {
		name := js[at[2]:at[3]]
		used[name] = true
		f := p.exports[name]
		if f == nil {
			t.Errorf("the shim calls %s, which the core does not export", name)
			continue
		}
		args := argumentsAt(js[at[1]:])
		if got, want := count(args), f.Signature.Params().Len(); got != want {
			t.Errorf("the shim calls %s(%s) with %d arguments, but it has %d parameters", name, args, got, want)
		}
	}
	if len(used) < 10 {
		t.Fatalf("the shim uses %v; the test does not see its calls", used)
	}
	for _, name := range found(t, js, `#report\('(\w+)'`) {
		if used[name] = true; p.exports[name] == nil || p.exports[name].Signature.Params().Len() != 5 {
			t.Errorf("the shim reports outcomes to %s, which the core does not export with 5 parameters", name)
		}
	}
	for name := range used {
		// core.mjs passes no more on.
		if f := p.exports[name]; f != nil && f.Signature.Params().Len() > 5 {
			t.Errorf("%s has more parameters than the shim's entries pass on", name)
		}
	}
	for _, module := range [][]byte{kernel.Wasm, kernel.WasiWasm} {
		for _, i := range parse(t, module).Imports {
			used[i.Name] = used[i.Name] || i.Module == "go"
		}
	}
	used["abi_version_"+version(t)] = true
	for name := range p.exports {
		if !used[name] {
			t.Errorf("nobody uses the core's export %s", name)
		}
	}
}

func version(t *testing.T) string {
	return found(t, read(t, "web/src/abi.mjs"), `export const VERSION = (\d+);`)[0]
}

func TestVersions(t *testing.T) {
	var goSide []string
	for name := range loadCore(t).exports {
		if v, ok := strings.CutPrefix(name, "abi_version_"); ok {
			goSide = append(goSide, v)
		}
	}
	same(t, "versions of the interface", goSide, []string{version(t)})
}

func TestImportsOfTheCore(t *testing.T) {
	jsSide := members(t, read(t, "web/src/abi.mjs"), "imports")
	maps.Copy(jsSide, members(t, read(t, "web/src/core.mjs"), "#control"))
	var goSide []string
	for name, f := range loadCore(t).imports {
		name, ok := strings.CutPrefix(name, "extism ")
		if !ok {
			continue // the standard library's, or the glue's
		}
		goSide = append(goSide, name)
		want := f.Signature().Params().Len()
		if got, there := jsSide[name]; there && got != want {
			t.Errorf("Go calls %s with %d arguments, but it has %d parameters", name, want, got)
		}
	}
	same(t, "imports of the core", goSide, slices.Collect(maps.Keys(jsSide)))
}

func TestHostObject(t *testing.T) {
	goSide := found(t, read(t, "internal/engine/webengine/host_js.go")+read(t, "internal/bridge/api_js.go"),
		`\.(?:Call|text|await|awaitText|awaitLength|compile)\("(\w+)"`)
	goSide = slices.DeleteFunc(goSide, func(n string) bool { return n == "then" }) // of a promise
	same(t, "functions of the host object", goSide, slices.Collect(maps.Keys(members(t, read(t, "web/src/host.mjs"), "object"))))
}

// TestAdaptersImportWhatThereIs: instantiating an adapter links it to the core,
// the gate and the driver by name and signature.
func TestAdaptersImportWhatThereIs(t *testing.T) {
	p, gate := loadCore(t), parse(t, kernel.GateWasm)
	driver := read(t, "web/src/instances.mjs")
	for adapter, module := range map[string][]byte{"kernel": kernel.Wasm, "wasi": kernel.WasiWasm} {
		for _, i := range parse(t, module).Imports {
			what := fmt.Sprintf("%s imports %s.%s", adapter, i.Module, i.Name)
			switch {
			case i.Kind != wasm.KindFunc, i.Module == "host":
				if !regexp.MustCompile(`\b` + i.Name + `: `).MatchString(driver) {
					t.Errorf("%s, which instances.mjs does not give", what)
				}
			case i.Module == "gate":
				if e := gate.Export(i.Name); e == nil || e.Func == nil || !e.Func.Equal(*i.Func) {
					t.Errorf("%s as %s, which the gate does not export so", what, i.Func)
				}
			case i.Module == "go":
				f := p.exports[i.Name]
				if f == nil {
					t.Errorf("%s, which the core does not export", what)
				} else if got := wasmType(t, f.Signature); !got.Equal(*i.Func) {
					t.Errorf("%s as %s, but it is %s", what, i.Func, got)
				}
			default:
				t.Errorf("%s, from a module that nobody gives", what)
			}
		}
	}
}

func TestShimUsesExportsOfFixedModules(t *testing.T) {
	js := shim(t)
	for pattern, module := range map[string][]byte{
		`\bkernel\.(\w+)\b`: kernel.Wasm,
		`\bgate\.(\w+)\b`:   kernel.GateWasm,
	} {
		info := parse(t, module)
		for _, name := range found(t, js, pattern) {
			if file := name == "wasm" || name == "wat" || name == "mjs"; !file && info.Export(name) == nil {
				t.Errorf("the shim uses %s, as in %s, which is no export", name, pattern)
			}
		}
	}
}

// camel turns a constant's name in JavaScript into Go's: USER_ERROR, UserError.
func camel(upper string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(upper, "_") {
		b.WriteString(word[:1])
		b.WriteString(strings.ToLower(word[1:]))
	}
	return b.String()
}

// constants gives a package's exported constants, of one type if that is given,
// by name.
func constants(t *testing.T, p *program, pkg, typ string) map[string]string {
	t.Helper()
	found := p.packages[module+"/internal/"+pkg]
	if found == nil {
		t.Fatalf("there is no package %s", pkg)
	}
	list := map[string]string{}
	scope := found.Types.Scope()
	for _, name := range scope.Names() {
		c, ok := scope.Lookup(name).(*types.Const)
		if !ok || !unicode.IsUpper(rune(name[0])) {
			continue
		}
		if named, ok := c.Type().(*types.Named); typ != "" && (!ok || named.Obj().Name() != typ) {
			continue
		}
		list[name] = c.Val().ExactString()
	}
	return list
}

func TestConstants(t *testing.T) {
	p, js := loadCore(t), read(t, "web/src/abi.mjs")
	failing, err := load("./internal/inject", "faultinject")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]map[string]string{
		"Op":      constants(t, p, "plugin", "Op"),
		"Outcome": constants(t, p, "plugin", "OutcomeKind"),
		"Failure": constants(t, failing, "inject", ""),
	} {
		got := map[string]string{}
		for pair := range strings.SplitSeq(found(t, js, `export const `+name+` = Object\.freeze\(\{ ([^}]*) \}\)`)[0], ", ") {
			key, value, _ := strings.Cut(pair, ": ")
			got[camel(key)] = value
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s is %v in JavaScript, and %v in Go", name, got, want)
		}
	}
	for _, c := range []struct{ js, pkg, name string }{
		{`NO_TEXT = (-?\d+)`, "bridge", "noText"},
		{`SLOT_BITS = (\d+)`, "engine/webengine", "slotBits"},
		{`DELETED = (\d+)`, "hostenv", "deleted"},
		{`KERNEL_SLOT = (\d+)`, "engine/webengine", "KernelSlot"},
	} {
		k, ok := p.packages[module+"/internal/"+c.pkg].Types.Scope().Lookup(c.name).(*types.Const)
		if !ok {
			t.Errorf("there is no constant %s in %s", c.name, c.pkg)
			continue
		}
		if got := found(t, js, `const `+c.js+`;`)[0]; got != k.Val().ExactString() {
			t.Errorf("%s is %s in JavaScript, and %s in Go", c.name, got, k.Val())
		}
	}
}

// TestErrorCodes: the public declarations list the codes that there are, and the
// shim uses no other.
func TestErrorCodes(t *testing.T) {
	var goSide []string
	scope := loadCore(t).packages[module+"/internal/fault"].Types.Scope()
	for _, name := range scope.Names() {
		if c, ok := scope.Lookup(name).(*types.Const); ok && c.Type().(*types.Named).Obj().Name() == "Code" {
			goSide = append(goSide, constant.StringVal(c.Val()))
		}
	}
	_, union, ok := strings.Cut(read(t, "web/types/extism.d.ts"), "export type ExtismErrorCode =")
	union, _, closed := strings.Cut(union, "';\n")
	if !ok || !closed {
		t.Fatal("extism.d.ts does not declare ExtismErrorCode as a union")
	}
	same(t, "declared error codes", goSide, found(t, union+"'", `\| '(\w+)'`))
	for _, code := range found(t, shim(t), `ExtismError\(\s*'(\w+)'`) {
		if !slices.Contains(goSide, code) {
			t.Errorf("the shim throws errors of code %s, which fault does not list", code)
		}
	}
}

// TestLogLevels: the shim's list of logger methods is in the order of the numbers.
func TestLogLevels(t *testing.T) {
	list := found(t, read(t, "web/src/log.mjs"), `LEVELS = .*\(\[(.*)\]\)`)[0]
	for i, name := range strings.Split(list, ", ") {
		name = strings.Trim(name, "'")
		o, err := manifest.DecodeOptions(tree(t, `{"logLevel": `+strconv.Quote(name)+`}`))
		if err != nil || int(o.LogLevel) != i {
			t.Errorf("level %d is %s in JavaScript; Go says %v", i, name, err)
		}
	}
}

// TestOptions: the core knows each option that the shim hands on.
func TestOptions(t *testing.T) {
	list := found(t, read(t, "web/src/input.mjs"), `FOR_CORE = \[(.*)\]`)[0]
	for _, key := range found(t, list, `'(\w+)'`) {
		_, err := manifest.DecodeOptions(tree(t, `{`+strconv.Quote(key)+`: "of a type that no option has"}`))
		if err == nil || strings.Contains(err.Error(), "unknown key") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func tree(t *testing.T, text string) *jsontree.Value {
	t.Helper()
	v, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
