package manifest

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
)

// sourceKey marks, inside a manifest that JavaScript handed over, an object
// that JSON cannot carry: bytes, a Response or a compiled module.
const sourceKey = "$source"

// MaxModules is how many modules a manifest may list.
const MaxModules = 64

// Parse decodes a manifest from JSON text.
func Parse(text []byte) (*Manifest, error) {
	v, err := jsontree.Parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidManifest, "manifest", err)
	}
	return Decode(v, 0)
}

// Decode decodes a manifest in which {"$source": n} may stand, with
// 0 <= n < sources, for an object that came beside it.
func Decode(v *jsontree.Value, sources int) (*Manifest, error) {
	d := decoder{sources: sources}
	m := d.manifest(v)
	if d.err != nil {
		return nil, d.err
	}
	return m, nil
}

// decoder keeps the first error; after it every method gives zero values.
type decoder struct {
	sources int
	err     error
}

func (d *decoder) fail(path, format string, args ...any) {
	if d.err == nil {
		d.err = fault.New(fault.InvalidManifest, path+": "+fmt.Sprintf(format, args...))
	}
}

func (d *decoder) kind(path string, v *jsontree.Value, k jsontree.Kind) bool {
	if v.Kind != k {
		d.fail(path, "%s expected, not %s", k, v.Kind)
	}
	return v.Kind == k
}

// canonical gives a key of either spelling in snake_case.
func canonical(key string) string {
	var b strings.Builder
	for i := 0; i < len(key); i++ {
		if c := key[i]; 'A' <= c && c <= 'Z' {
			b.WriteByte('_')
			b.WriteByte(c + 'a' - 'A')
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// members calls f for each member of an object that is not null, with its key
// in snake_case, and refuses two spellings of one key.
func (d *decoder) members(path string, v *jsontree.Value, f func(key, path string, v *jsontree.Value)) {
	if !d.kind(path, v, jsontree.Object) {
		return
	}
	if isSource(v) {
		d.fail(path, "bytes, a Response or a WebAssembly.Module cannot stand here")
		return
	}
	seen := map[string]bool{}
	for _, m := range v.Members {
		key := canonical(m.Name)
		if seen[key] {
			d.fail(path+"."+m.Name, "given twice, in two spellings")
		}
		seen[key] = true
		if m.Value.Kind != jsontree.Null {
			f(key, path+"."+m.Name, m.Value)
		}
	}
}

func (d *decoder) manifest(v *jsontree.Value) *Manifest {
	m := &Manifest{}
	found := false
	d.members("manifest", v, func(key, path string, v *jsontree.Value) {
		switch key {
		case "wasm":
			found = true
			m.Wasm = d.wasmList(path, v)
		default:
			if !d.limit(m, key, path, v) {
				d.fail(path, "unknown key")
			}
		}
	})
	if d.err == nil && !found {
		d.fail("manifest", `Expected "wasm" key in manifest`)
	}
	return m
}

// limit decodes one of the keys that manifests and options have in common into
// m and reports whether it knows the key.
func (d *decoder) limit(m *Manifest, key, path string, v *jsontree.Value) bool {
	switch key {
	case "config":
		m.Config = d.strings(path, v)
	case "allowed_hosts":
		m.AllowedHosts = d.stringList(path, v)
	case "allowed_paths":
		m.AllowedPaths = d.strings(path, v)
	case "timeout_ms":
		n := uint32(d.integer(path, v, math.MaxUint32))
		m.TimeoutMs = &n
	case "memory":
		m.Memory = d.memory(path, v)
	default:
		return false
	}
	return true
}

func (d *decoder) memory(path string, v *jsontree.Value) Memory {
	var m Memory
	d.members(path, v, func(key, path string, v *jsontree.Value) {
		switch key {
		case "max_pages":
			n := uint32(d.integer(path, v, 65536))
			m.MaxPages = &n
		case "max_http_response_bytes":
			n := d.integer(path, v, math.MaxUint32)
			m.MaxHTTPResponseBytes = &n
		case "max_var_bytes":
			n := d.integer(path, v, math.MaxUint32)
			m.MaxVarBytes = &n
		default:
			d.fail(path, "unknown key")
		}
	})
	return m
}

func (d *decoder) wasmList(path string, v *jsontree.Value) []Wasm {
	if !d.kind(path, v, jsontree.Array) {
		return nil
	}
	if len(v.Items) == 0 {
		d.fail(path, "at least one module is needed")
	}
	if len(v.Items) > MaxModules {
		d.fail(path, "more than %d modules", MaxModules)
	}
	var list []Wasm
	names := map[string]bool{}
	for i, item := range v.Items {
		at := path + "[" + strconv.Itoa(i) + "]"
		w := d.wasm(at, item)
		if w.Name != "" && names[w.Name] {
			d.fail(at+".name", "%q names another module already", w.Name)
		}
		names[w.Name] = true
		list = append(list, w)
	}
	return list
}

func (d *decoder) wasm(path string, v *jsontree.Value) Wasm {
	var w Wasm
	if isSource(v) { // bytes, a Response or a module itself, in place of an object with one
		w.Source, _ = d.source("data", path, v)
		return w
	}
	places := 0
	d.members(path, v, func(key, path string, v *jsontree.Value) {
		switch key {
		case "name":
			w.Name = d.text(path, v)
			d.reserved(path, w.Name)
		case "hash":
			w.Hash = d.hash(path, v)
		case "method":
			w.Method = d.text(path, v)
		case "headers":
			for _, m := range d.object(path, v) {
				w.Headers = append(w.Headers, Header{m.Name, d.text(path+"."+m.Name, m.Value)})
			}
		case "url":
			places++
			w.URL = d.text(path, v)
		case "path":
			places++
			w.Path = d.text(path, v)
		case "data", "module", "response":
			places++
			w.Source, w.Data = d.source(key, path, v)
		default:
			d.fail(path, "unknown key")
		}
	})
	if d.err == nil && places != 1 {
		d.fail(path, `exactly one of "data", "url", "path", "module" and "response" is needed`)
	}
	return w
}

// isSource says whether a value stands for an object beside the manifest.
func isSource(v *jsontree.Value) bool {
	return v.Kind == jsontree.Object && len(v.Members) == 1 && v.Members[0].Name == sourceKey
}

// source decodes a reference to an object beside the manifest, or base64 text.
func (d *decoder) source(key, path string, v *jsontree.Value) (*int, []byte) {
	if isSource(v) {
		n := int(d.integer(path, v.Members[0].Value, math.MaxInt32))
		if n >= d.sources {
			d.fail(path, "refers to an object that is not there")
		}
		return &n, nil
	}
	if key != "data" {
		d.fail(path, "not the object that is expected")
		return nil, nil
	}
	data, err := base64.StdEncoding.DecodeString(d.text(path, v))
	if err != nil {
		d.fail(path, "bytes or base64 text expected: %v", err)
	}
	return nil, data
}

// reserved refuses names that would shadow what the host itself offers.
func (d *decoder) reserved(path, name string) {
	switch name {
	case "extism:host/env", "wasi_snapshot_preview1":
		d.fail(path, "module name collision: %q is reserved", name)
	}
}

func (d *decoder) hash(path string, v *jsontree.Value) string {
	s := strings.ToLower(d.text(path, v))
	if d.err == nil && (len(s) != 64 || strings.Trim(s, "0123456789abcdef") != "") {
		d.fail(path, "64 hexadecimal digits (SHA-256) expected")
	}
	return s
}

func (d *decoder) text(path string, v *jsontree.Value) string {
	d.kind(path, v, jsontree.String)
	return v.Text
}

func (d *decoder) object(path string, v *jsontree.Value) []jsontree.Member {
	d.kind(path, v, jsontree.Object)
	return v.Members
}

func (d *decoder) integer(path string, v *jsontree.Value, limit uint64) uint64 {
	if !d.kind(path, v, jsontree.Number) {
		return 0
	}
	n, ok := v.Uint()
	if !ok || n > limit {
		d.fail(path, "an integer from 0 to %d expected, not %s", limit, v.Text)
		return 0
	}
	return n
}

func (d *decoder) strings(path string, v *jsontree.Value) map[string]string {
	m := map[string]string{}
	for _, member := range d.object(path, v) {
		m[member.Name] = d.text(path+"."+member.Name, member.Value)
	}
	return m
}

func (d *decoder) stringList(path string, v *jsontree.Value) []string {
	d.kind(path, v, jsontree.Array)
	list := make([]string, len(v.Items))
	for i, item := range v.Items {
		list[i] = d.text(path+"["+strconv.Itoa(i)+"]", item)
	}
	return list
}
