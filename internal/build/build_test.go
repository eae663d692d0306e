package build

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFindRoot(t *testing.T) {
	root, err := FindRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "internal", "build")); err != nil {
		t.Errorf("root %s: %v", root, err)
	}
	if _, err := FindRoot(t.TempDir()); err == nil {
		t.Error("a directory outside the module has a root")
	}
}

func TestUnchangedFilesKeepTheirTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b.txt")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	for i, tc := range []struct {
		data string
		kept bool
	}{{"one", false}, {"one", true}, {"two", false}} {
		if i > 0 {
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}
		if err := writeIfChanged(path, []byte(tc.data)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if kept := info.ModTime().Equal(old); kept != tc.kept {
			t.Errorf("write %d: kept its time: %v, want %v", i, kept, tc.kept)
		}
	}
}

func TestPackageJSON(t *testing.T) {
	var pkg struct {
		Name, Version, Type string
		Exports             map[string]json.RawMessage
		Files               []string
	}
	if err := json.Unmarshal([]byte(packageJSON()), &pkg); err != nil {
		t.Fatal(err)
	}
	if pkg.Name != "extism-js" || pkg.Version != Version || pkg.Type != "module" {
		t.Errorf("name %q, version %q, type %q", pkg.Name, pkg.Version, pkg.Type)
	}
	main := string(pkg.Exports["."])
	workerd, types, def := strings.Index(main, `"workerd"`), strings.Index(main, `"types"`), strings.Index(main, `"default"`)
	if types < 0 || workerd < types || def < workerd {
		t.Errorf("conditions must be types, workerd, default in that order: %s", main)
	}
	listed := strings.Join(pkg.Files, " ") + " package.json"
	for _, target := range pkg.Exports {
		for _, part := range strings.Split(string(target), `"`) {
			if name, ok := strings.CutPrefix(part, "./"); ok && !strings.Contains(listed, name) {
				t.Errorf("%s is exported but not published", name)
			}
		}
	}
}

func TestCompressCached(t *testing.T) {
	dir := t.TempDir()
	data := bytes.Repeat([]byte("all work and no play "), 100)
	first, err := compressCached(dir, data)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) >= len(data) || !decompressesTo(first, data) {
		t.Fatalf("%d bytes compressed to %d that do not decompress", len(data), len(first))
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(files) != 1 {
		t.Fatalf("cache holds %v", files)
	}
	if err := os.WriteFile(files[0], first[:len(first)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := compressCached(dir, data)
	if err != nil || !bytes.Equal(again, first) {
		t.Errorf("a half written cache file is used (%v)", err)
	}
}

func TestBudget(t *testing.T) {
	for _, tc := range []struct {
		brotli []int64
		ok     bool
	}{{[]int64{0, 0}, true}, {[]int64{Budget, 0}, true}, {[]int64{Budget, 1}, false}} {
		var sizes []Size
		for _, n := range tc.brotli {
			sizes = append(sizes, Size{Brotli: n})
		}
		if err := CheckBudget(sizes); (err == nil) != tc.ok {
			t.Errorf("%v: %v", tc.brotli, err)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 720000: "720,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestCheckImports(t *testing.T) {
	for _, tc := range []struct {
		name, imports string
		linkWasm, ok  bool
	}{
		{"nothing", ``, false, true},
		{"inside", `{"path":"web/src/a.mjs","kind":"import-statement"}`, false, true},
		{"node, dynamic", `{"path":"node:fs","kind":"dynamic-import","external":true}`, false, true},
		{"node, static", `{"path":"node:fs","kind":"import-statement","external":true}`, false, false},
		{"package", `{"path":"left-pad","kind":"dynamic-import","external":true}`, false, false},
		{"module on the edge", `{"path":"./kernel.wasm","kind":"import-statement","external":true}`, true, true},
		{"module elsewhere", `{"path":"./kernel.wasm","kind":"import-statement","external":true}`, false, false},
	} {
		err := checkImports(`{"outputs":{"x.mjs":{"imports":[`+tc.imports+`]}}}`, tc.linkWasm)
		if (err == nil) != tc.ok {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestPackageOf(t *testing.T) {
	byName := map[string]string{"runtime": "runtime", "internal_runtime_maps": "internal/runtime/maps", "example.com_a_b.c": "example.com/a/b.c"}
	for name, want := range map[string]string{
		"runtime.mallocgc":                  "runtime",
		"runtime.__mheap_.alloc.func1":      "runtime",
		"internal_runtime_maps.__Map_.grow": "internal/runtime/maps",
		"example.com_a_b.c.__T_.M":          "example.com/a/b.c",
		"type_.eq.struct":                   costOther,
		"wasm_export_run":                   costOther,
		"":                                  costOther,
	} {
		if got := packageOf(name, byName); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}

// A module with one imported and two own functions, a data section and names,
// written out by hand.
func TestFunctionSizes(t *testing.T) {
	module := "\x00asm\x01\x00\x00\x00" +
		"\x01\x04\x01\x60\x00\x00" + // type 0: () -> ()
		"\x02\x07\x01\x01e\x01f\x00\x00" + // import e.f
		"\x03\x03\x02\x00\x00" + // two functions
		"\x0a\x08\x02\x02\x00\x0b\x03\x00\x01\x0b" + // bodies of 2 and 3 bytes
		"\x0b\x01\x00" + // no data
		"\x00\x12\x04name\x01\x0b\x02\x01\x03a.x\x02\x03b.y"
	syms, data, err := functionSizes([]byte(module))
	if err != nil {
		t.Fatal(err)
	}
	if len(syms) != 2 || syms[0] != (symbol{"a.x", 2}) || syms[1] != (symbol{"b.y", 3}) || data != 1 {
		t.Errorf("%v, data %d", syms, data)
	}
	for n := range len(module) {
		functionSizes([]byte(module[:n])) // must not panic
	}
}
