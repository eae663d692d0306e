package manifest

import (
	"bytes"
	"encoding/base64"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
)

// markKey is the only key of an object that, in what JavaScript hands over, stands
// for a value that JSON cannot carry. A number refers to an object beside the
// manifest: bytes, a Response or a compiled module. A text says what the value is
// that nobody can use, such as NaN or a function.
const markKey = "\x00"

// MaxModules is how many modules a manifest may list.
const MaxModules = 64

// maxInteger is the largest integer that JavaScript can tell from its neighbours.
const maxInteger = 1<<53 - 1

// byteOrderMark may stand in front of JSON text (RFC 8259 section 8.1).
const byteOrderMark = "\ufeff"

// Parse decodes a manifest from JSON text.
func Parse(text []byte) (*Manifest, error) {
	v, err := jsontree.Parse(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	if err != nil {
		return nil, fault.Wrap(fault.InvalidManifest, "manifest", err)
	}
	return decode(decoder{}, v)
}

// Decode decodes a manifest that JavaScript handed over. Sources are the kinds of
// the objects beside it: "bytes", "response" or "module".
func Decode(v *jsontree.Value, sources []string) (*Manifest, error) {
	return decode(decoder{marks: true, sources: sources}, v)
}

func decode(d decoder, v *jsontree.Value) (*Manifest, error) {
	m := d.manifest(v)
	if d.err != nil {
		return nil, d.err
	}
	return m, nil
}

// decoder keeps the first error; after it every method gives zero values.
type decoder struct {
	marks   bool // whether marks may stand in the tree
	sources []string
	err     error
}

// fail notes what is wrong at a path. It does without package fmt, which takes
// more code at every call.
func (d *decoder) fail(path string, text ...string) {
	if d.err == nil {
		d.err = fault.New(fault.InvalidManifest, path+": "+strings.Join(text, ""))
	}
}

func (d *decoder) kind(path string, v *jsontree.Value, k jsontree.Kind) bool {
	ok := v.Kind == k && d.mark(v) == nil
	if !ok {
		d.fail(path, k.String(), " expected, not ", d.what(v))
	}
	return ok
}

// mark gives what a mark has, or nil if v is none.
func (d *decoder) mark(v *jsontree.Value) *jsontree.Value {
	if d.marks && len(v.Members) == 1 && v.Members[0].Name == markKey {
		return v.Members[0].Value
	}
	return nil
}

// what names the type of a value for a message.
func (d *decoder) what(v *jsontree.Value) string {
	mark := d.mark(v)
	if mark == nil {
		return v.Kind.String()
	}
	if n, ok := mark.Uint(); ok && n < uint64(len(d.sources)) {
		return sourceNames[d.sources[n]]
	}
	return short(mark.Text)
}

// sourceNames are the names in messages for the kinds of objects beside a manifest.
var sourceNames = map[string]string{"bytes": "bytes", "response": "a Response", "module": "a WebAssembly.Module"}

// short cuts a text of a stranger's making for a message.
func short(text string) string {
	end := 100
	if len(text) <= end {
		return text
	}
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// The keys that each kind of object may have, in snake_case. Each may also be
// written in camelCase.
var (
	limitKeys    = []string{"config", "allowed_hosts", "allowed_paths", "timeout_ms", "memory"}
	manifestKeys = append([]string{"wasm"}, limitKeys...)
	memoryKeys   = []string{"max_pages", "max_http_response_bytes", "max_var_bytes"}
	moduleKeys   = []string{"name", "hash", "url", "method", "headers", "path", "data", "module", "response"}
)

// aliases are other names that libextism has for some keys.
var aliases = map[string]string{"max": "max_pages", "header": "headers"}

// canonical gives a key of any spelling as it is in the list, or "".
func canonical(key string, known []string) string {
	name := key
	if strings.IndexByte(key, '_') < 0 {
		name = snakeCase(key)
	}
	if !slices.Contains(known, name) {
		name = aliases[key]
	}
	if !slices.Contains(known, name) {
		return ""
	}
	return name
}

func snakeCase(key string) string {
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
// as it is in the list. It refuses other keys, and two spellings of one.
func (d *decoder) members(path string, v *jsontree.Value, known []string, f func(key, path string, v *jsontree.Value)) {
	if !d.kind(path, v, jsontree.Object) {
		return
	}
	seen := map[string]bool{}
	for _, m := range v.Members {
		key, at := canonical(m.Name, known), path+"."+short(m.Name)
		switch {
		case key == "":
			d.fail(at, "unknown key")
		case seen[key]:
			d.fail(at, "given twice, in two spellings")
		case m.Value.Kind != jsontree.Null:
			f(key, at, m.Value)
		}
		seen[key] = true
	}
}

func (d *decoder) manifest(v *jsontree.Value) *Manifest {
	m := &Manifest{}
	list := "" // the path of the modules
	d.members("manifest", v, manifestKeys, func(key, path string, v *jsontree.Value) {
		if key == "wasm" {
			list = path
			m.Wasm = d.wasmList(path, v)
			return
		}
		d.limit(m, key, path, v)
	})
	if d.err == nil && list == "" {
		d.fail("manifest", `Expected "wasm" key in manifest`)
	}
	d.distinct(list, m)
	return m
}

// limit decodes one of the keys that manifests and options have in common into m.
func (d *decoder) limit(m *Manifest, key, path string, v *jsontree.Value) {
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
	}
}

func (d *decoder) memory(path string, v *jsontree.Value) Memory {
	var m Memory
	d.members(path, v, memoryKeys, func(key, path string, v *jsontree.Value) {
		switch key {
		case "max_pages":
			n := uint32(d.integer(path, v, 65536))
			m.MaxPages = &n
		case "max_http_response_bytes":
			n := d.integer(path, v, maxInteger)
			m.MaxHTTPResponseBytes = &n
		case "max_var_bytes":
			n := d.integer(path, v, maxInteger)
			m.MaxVarBytes = &n
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
		d.fail(path, "more than ", strconv.Itoa(MaxModules), " modules")
		return nil
	}
	list := make([]Wasm, len(v.Items))
	for i, item := range v.Items {
		list[i] = d.wasm(indexed(path, i), item)
	}
	return list
}

func indexed(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// distinct sees to it that no two modules have the same name.
func (d *decoder) distinct(path string, m *Manifest) {
	seen := map[string]int{}
	for i := range m.Wasm {
		name, key := m.ownName(i)
		if other, dup := seen[name]; dup {
			d.fail(indexed(path, i)+key, "module name collision: ", strconv.Quote(short(name)), " names module ", strconv.Itoa(other), " already")
		}
		seen[name] = i
	}
}

func (d *decoder) wasm(path string, v *jsontree.Value) Wasm {
	var w Wasm
	if mark := d.mark(v); mark != nil && mark.Kind == jsontree.Number { // bytes, a Response or a module itself
		w.Source = d.index(path, mark)
		return w
	}
	place, places := "", 0
	request, hash := "", "" // the paths of what does not go with every place
	d.members(path, v, moduleKeys, func(key, path string, v *jsontree.Value) {
		switch key {
		case "name":
			w.Name = d.filled(path, v)
			d.reserved(path, w.Name)
		case "hash":
			hash = path
			w.Hash = d.hash(path, v)
		case "method":
			request = path
			w.Method = d.filled(path, v)
		case "headers":
			request = path
			w.Headers = d.headers(path, v)
		default:
			place, places = key, places+1
			d.place(&w, key, path, v)
		}
	})
	switch {
	case places != 1:
		d.fail(path, `exactly one of "data", "url", "path", "module" and "response" is needed`)
	case request != "" && place != "url":
		d.fail(request, `only a "url" has one`)
	case hash != "" && place == "module":
		d.fail(hash, "source data of a WebAssembly.Module is unavailable for hashing; give the bytes, or leave the hash out")
	}
	return w
}

// place decodes the key that says where a module is.
func (d *decoder) place(w *Wasm, key, path string, v *jsontree.Value) {
	switch key {
	case "url":
		w.URL = d.filled(path, v)
	case "path":
		w.Path = d.filled(path, v)
	case "data":
		w.Source, w.Data = d.data(path, v)
	default:
		w.Source = d.source(path, v, key)
	}
}

func (d *decoder) headers(path string, v *jsontree.Value) []Header {
	var list []Header
	for _, m := range d.object(path, v) {
		list = append(list, Header{m.Name, d.text(path+"."+short(m.Name), m.Value)})
	}
	return list
}

// index decodes the number of an object beside the manifest.
func (d *decoder) index(path string, mark *jsontree.Value) *int {
	n := int(d.integer(path, mark, math.MaxInt32))
	if n >= len(d.sources) {
		d.fail(path, "refers to an object that is not there")
		return nil
	}
	return &n
}

// source decodes a reference to an object beside the manifest, of that kind.
func (d *decoder) source(path string, v *jsontree.Value, kind string) *int {
	if mark := d.mark(v); mark != nil && mark.Kind == jsontree.Number {
		if n := d.index(path, mark); n == nil || d.sources[*n] == kind {
			return n
		}
	}
	if !d.marks {
		d.fail(path, "only possible where the manifest is an object, not in JSON")
	}
	d.fail(path, sourceNames[kind], " expected, not ", d.what(v))
	return nil
}

// data decodes bytes beside the manifest, or base64 text in it (RFC 4648 section
// 4); line breaks in that are allowed.
func (d *decoder) data(path string, v *jsontree.Value) (*int, []byte) {
	if v.Kind != jsontree.String {
		if d.mark(v) != nil {
			return d.source(path, v, "bytes"), nil
		}
		d.fail(path, "bytes or base64 text expected, not ", v.Kind.String())
		return nil, nil
	}
	data, err := base64.StdEncoding.DecodeString(v.Text)
	if err != nil {
		d.fail(path, "bytes or base64 text expected: ", err.Error())
	}
	return nil, data
}

// reserved refuses names that would shadow what the host itself offers.
func (d *decoder) reserved(path, name string) {
	switch name {
	case "extism:host/env", "wasi_snapshot_preview1":
		d.fail(path, "module name collision: ", strconv.Quote(name), " is reserved")
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

// filled decodes a text that must not be empty.
func (d *decoder) filled(path string, v *jsontree.Value) string {
	if d.text(path, v) == "" {
		d.fail(path, "must not be empty")
	}
	return v.Text
}

func (d *decoder) object(path string, v *jsontree.Value) []jsontree.Member {
	if !d.kind(path, v, jsontree.Object) {
		return nil
	}
	return v.Members
}

func (d *decoder) integer(path string, v *jsontree.Value, limit uint64) uint64 {
	if !d.kind(path, v, jsontree.Number) {
		return 0
	}
	n, ok := v.Uint()
	if !ok || n > limit {
		d.fail(path, "an integer from 0 to ", strconv.FormatUint(limit, 10), " expected, not ", short(v.Text))
		return 0
	}
	return n
}

func (d *decoder) strings(path string, v *jsontree.Value) map[string]string {
	m := map[string]string{}
	for _, member := range d.object(path, v) {
		m[member.Name] = d.text(path+"."+short(member.Name), member.Value)
	}
	return m
}

func (d *decoder) stringList(path string, v *jsontree.Value) []string {
	d.kind(path, v, jsontree.Array)
	list := make([]string, len(v.Items))
	for i, item := range v.Items {
		list[i] = d.text(indexed(path, i), item)
	}
	return list
}
