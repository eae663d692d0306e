package manifest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
)

func ptr[T any](v T) *T { return &v }

// decode decodes a manifest beside which there are three objects.
func decode(t *testing.T, text string) (*Manifest, error) {
	t.Helper()
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatalf("the test's own JSON: %v", err)
	}
	return Decode(tree, 3)
}

// wantError checks an error's code and that its text contains what it should.
func wantError(t *testing.T, err error, code fault.Code, text string) {
	t.Helper()
	if !errors.Is(err, &fault.Error{Code: code}) || !strings.Contains(err.Error(), text) {
		t.Errorf("the error is %v; want %s with %q", err, code, text)
	}
}

const digest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestDecode(t *testing.T) {
	one := []Wasm{{URL: "u"}}
	for _, tt := range []struct {
		name, text string
		want       Manifest
	}{
		{"a module by URL", `{"wasm": [{"url": "https://x.test/a.wasm"}]}`, Manifest{Wasm: []Wasm{{URL: "https://x.test/a.wasm"}}}},
		{"a module by path", `{"wasm": [{"path": "a.wasm"}]}`, Manifest{Wasm: []Wasm{{Path: "a.wasm"}}}},
		{"a module in base64", `{"wasm": [{"data": "AGFzbQ=="}]}`, Manifest{Wasm: []Wasm{{Data: []byte("\x00asm")}}}},
		{"an empty module in base64", `{"wasm": [{"data": ""}]}`, Manifest{Wasm: []Wasm{{Data: []byte{}}}}},
		{"bytes beside the manifest", `{"wasm": [{"data": {"$source": 0}}]}`, Manifest{Wasm: []Wasm{{Source: ptr(0)}}}},
		{"a Response beside the manifest", `{"wasm": [{"response": {"$source": 1}}]}`, Manifest{Wasm: []Wasm{{Source: ptr(1)}}}},
		{"objects that are modules themselves", `{"wasm": [{"$source": 2}, {"$source": 0}]}`, Manifest{Wasm: []Wasm{{Source: ptr(2)}, {Source: ptr(0)}}}},
		{"a compiled module beside the manifest", `{"wasm": [{"module": {"$source": 2}}]}`, Manifest{Wasm: []Wasm{{Source: ptr(2)}}}},
		{"everything about a module", `{"wasm": [{"name": "n", "hash": "` + strings.ToUpper(digest) + `", "url": "u", "method": "POST", "headers": {"A": "1", "B": "2"}}]}`,
			Manifest{Wasm: []Wasm{{Name: "n", Hash: digest, URL: "u", Method: "POST", Headers: []Header{{"A", "1"}, {"B", "2"}}}}}},
		{"several modules", `{"wasm": [{"url": "u"}, {"path": "p", "name": "n"}]}`, Manifest{Wasm: []Wasm{{URL: "u"}, {Path: "p", Name: "n"}}}},
		{"null is as good as nothing", `{"wasm": [{"url": "u", "name": null, "path": null}], "config": null, "memory": null, "timeout_ms": null}`, Manifest{Wasm: one}},
		{"a null of an unknown key", `{"wasm": [{"url": "u"}], "novelty": null}`, Manifest{Wasm: one}},
		{"config", `{"wasm": [{"url": "u"}], "config": {"a": "1", "camelCase": "2", "": "3"}}`,
			Manifest{Wasm: one, Config: map[string]string{"a": "1", "camelCase": "2", "": "3"}}},
		{"empty config", `{"wasm": [{"url": "u"}], "config": {}}`, Manifest{Wasm: one, Config: map[string]string{}}},
		{"hosts and paths, snake_case", `{"wasm": [{"url": "u"}], "allowed_hosts": ["a", "*.b"], "allowed_paths": {"/x": "/y"}}`,
			Manifest{Wasm: one, AllowedHosts: []string{"a", "*.b"}, AllowedPaths: map[string]string{"/x": "/y"}}},
		{"hosts and paths, camelCase", `{"wasm": [{"url": "u"}], "allowedHosts": ["a", "*.b"], "allowedPaths": {"/x": "/y"}}`,
			Manifest{Wasm: one, AllowedHosts: []string{"a", "*.b"}, AllowedPaths: map[string]string{"/x": "/y"}}},
		{"no hosts, said so", `{"wasm": [{"url": "u"}], "allowed_hosts": []}`, Manifest{Wasm: one, AllowedHosts: []string{}}},
		{"the API's spelling of limits", `{"wasm": [{"url": "u"}], "timeoutMs": 5, "memory": {"maxPages": 1, "maxHttpResponseBytes": 2, "maxVarBytes": 3}}`,
			Manifest{Wasm: one, TimeoutMs: ptr[uint32](5), Memory: Memory{ptr[uint32](1), ptr[uint64](2), ptr[uint64](3)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decode(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}

// TestLimits: unset is not zero, and the largest number that a limit takes is
// known.
func TestLimits(t *testing.T) {
	get := func(n *uint64) any {
		if n == nil {
			return nil
		}
		return *n
	}
	get32 := func(n *uint32) any {
		if n == nil {
			return nil
		}
		return uint64(*n)
	}
	for _, limit := range []struct {
		name string
		text string // with %s for the number
		get  func(*Manifest) any
		max  uint64
	}{
		{"timeout_ms", `"timeout_ms": %s`, func(m *Manifest) any { return get32(m.TimeoutMs) }, 1<<32 - 1},
		{"timeoutMs", `"timeoutMs": %s`, func(m *Manifest) any { return get32(m.TimeoutMs) }, 1<<32 - 1},
		{"max_pages", `"memory": {"max_pages": %s}`, func(m *Manifest) any { return get32(m.Memory.MaxPages) }, 65536},
		{"max_http_response_bytes", `"memory": {"max_http_response_bytes": %s}`, func(m *Manifest) any { return get(m.Memory.MaxHTTPResponseBytes) }, 1<<32 - 1},
		{"max_var_bytes", `"memory": {"max_var_bytes": %s}`, func(m *Manifest) any { return get(m.Memory.MaxVarBytes) }, 1<<32 - 1},
	} {
		for _, tt := range []struct {
			text string
			want any // nil: unset
			ok   bool
		}{
			{"null", nil, true},
			{"0", uint64(0), true},
			{"1", uint64(1), true},
			{fmt.Sprint(limit.max), limit.max, true},
			{fmt.Sprint(limit.max + 1), nil, false},
			{"18446744073709551616", nil, false},
			{"-1", nil, false},
			{"-0", nil, false},
			{"1.5", nil, false},
			{"1e3", nil, false},
			{`"1"`, nil, false},
			{"true", nil, false},
			{"{}", nil, false},
		} {
			text := `{"wasm": [{"url": "u"}], ` + fmt.Sprintf(limit.text, tt.text) + `}`
			m, err := decode(t, text)
			if (err == nil) != tt.ok {
				t.Errorf("%s %s: error %v", limit.name, tt.text, err)
				continue
			}
			if err != nil {
				wantError(t, err, fault.InvalidManifest, limit.name+": ")
				continue
			}
			if got := limit.get(m); got != tt.want {
				t.Errorf("%s %s: %v", limit.name, tt.text, got)
			}
		}
	}
	m, err := decode(t, `{"wasm": [{"url": "u"}]}`)
	if err != nil || m.TimeoutMs != nil || m.Memory != (Memory{}) {
		t.Errorf("nothing set: %+v, %v", m, err)
	}
	m, err = decode(t, `{"wasm": [{"url": "u"}], "memory": {}}`)
	if err != nil || m.Memory != (Memory{}) {
		t.Errorf("no memory limit set: %+v, %v", m, err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	one := func(rest string) string { return `{"wasm": [{"url": "u"}], ` + rest + `}` }
	module := func(text string) string { return `{"wasm": [{"url": "u"}, ` + text + `]}` }
	many := `{"wasm": [` + strings.Repeat(`{"url": "u"},`, MaxModules) + `{"url": "u"}]}`
	for _, tt := range []struct{ name, text, want string }{
		{"no object", `[]`, "manifest: object expected, not array"},
		{"no wasm", `{}`, `manifest: Expected "wasm" key in manifest`},
		{"wasm is null", `{"wasm": null}`, `manifest: Expected "wasm" key in manifest`},
		{"wasm is no array", `{"wasm": {"url": "u"}}`, "manifest.wasm: array expected, not object"},
		{"wasm is empty", `{"wasm": []}`, "manifest.wasm: at least one module is needed"},
		{"too many modules", many, "manifest.wasm: more than 64 modules"},
		{"an unknown key", one(`"allowed_host": []`), "manifest.allowed_host: unknown key"},
		{"an unknown key in memory", one(`"memory": {"max_page": 1}`), "manifest.memory.max_page: unknown key"},
		{"an unknown key in a module", module(`{"uri": "u"}`), "manifest.wasm[1].uri: unknown key"},
		{"a key of JavaScript objects", one(`"__proto__": {}`), "manifest.__proto__: unknown key"},
		{"two spellings", one(`"timeout_ms": 1, "timeoutMs": 1`), "manifest.timeoutMs: given twice, in two spellings"},
		{"two spellings, one of them null", one(`"timeout_ms": null, "timeoutMs": 1`), "manifest.timeoutMs: given twice"},
		{"two spellings in memory", one(`"memory": {"maxPages": 1, "max_pages": 1}`), "manifest.memory.max_pages: given twice"},
		{"no place", module(`{"name": "n"}`), `manifest.wasm[1]: exactly one of "data", "url", "path", "module" and "response" is needed`},
		{"two places", module(`{"url": "u", "path": "p"}`), "manifest.wasm[1]: exactly one of"},
		{"an object that is not there, as a module", `{"wasm": [{"$source": 3}]}`, "manifest.wasm[0]: refers to an object that is not there"},
		{"an object in place of limits", `{"wasm": [{"path": "p"}], "memory": {"$source": 0}}`, "manifest.memory: bytes, a Response or a WebAssembly.Module cannot stand here"},
		{"two objects", module(`{"data": {"$source": 0}, "module": {"$source": 1}}`), "manifest.wasm[1]: exactly one of"},
		{"a module that is text", module(`"u"`), "manifest.wasm[1]: object expected, not string"},
		{"a URL that is no text", module(`{"url": 1}`), "manifest.wasm[1].url: string expected, not number"},
		{"a header that is no text", module(`{"url": "u", "headers": {"A": 1}}`), "manifest.wasm[1].headers.A: string expected, not number"},
		{"headers that are a list", module(`{"url": "u", "headers": []}`), "manifest.wasm[1].headers: object expected, not array"},
		{"bad base64", module(`{"data": "A"}`), "manifest.wasm[1].data: bytes or base64 text expected"},
		{"base64 of the other alphabet", module(`{"data": "__8="}`), "manifest.wasm[1].data: bytes or base64 text expected"},
		{"a list for data", module(`{"data": [0, 97]}`), "manifest.wasm[1].data: string expected, not array"},
		{"an object that is not there", module(`{"data": {"$source": 3}}`), "manifest.wasm[1].data: refers to an object that is not there"},
		{"an object of a huge number", module(`{"data": {"$source": 4294967296}}`), "manifest.wasm[1].data: an integer from 0 to 2147483647"},
		{"an object of a negative number", module(`{"data": {"$source": -1}}`), "manifest.wasm[1].data: an integer"},
		{"an object reference with more", module(`{"data": {"$source": 0, "x": 1}}`), "manifest.wasm[1].data: string expected, not object"},
		{"base64 for a module", module(`{"module": "AGFzbQ=="}`), "manifest.wasm[1].module: not the object that is expected"},
		{"text for a response", module(`{"response": "u"}`), "manifest.wasm[1].response: not the object that is expected"},
		{"a short hash", module(`{"url": "u", "hash": "abc"}`), "manifest.wasm[1].hash: 64 hexadecimal digits"},
		{"a hash with another letter", module(`{"url": "u", "hash": "g` + digest[1:] + `"}`), "manifest.wasm[1].hash: 64 hexadecimal digits"},
		{"an empty hash", module(`{"url": "u", "hash": ""}`), "manifest.wasm[1].hash: 64 hexadecimal digits"},
		{"the name of the environment", module(`{"url": "u", "name": "extism:host/env"}`), `manifest.wasm[1].name: module name collision: "extism:host/env" is reserved`},
		{"the name of WASI", module(`{"url": "u", "name": "wasi_snapshot_preview1"}`), `module name collision: "wasi_snapshot_preview1" is reserved`},
		{"a name given twice", `{"wasm": [{"url": "u", "name": "n"}, {"url": "u", "name": "n"}]}`, `manifest.wasm[1].name: "n" names another module already`},
		{"config that is no object", one(`"config": "a=b"`), "manifest.config: object expected, not string"},
		{"a config value that is no text", one(`"config": {"a": 1}`), "manifest.config.a: string expected, not number"},
		{"hosts that are text", one(`"allowed_hosts": "a"`), "manifest.allowed_hosts: array expected, not string"},
		{"a host that is no text", one(`"allowed_hosts": ["a", 1]`), "manifest.allowed_hosts[1]: string expected, not number"},
		{"a path that is no text", one(`"allowed_paths": {"/a": true}`), "manifest.allowed_paths./a: string expected, not boolean"},
		{"the first of several mistakes", one(`"config": 1, "memory": 2`), "manifest.config"},
		{"options do not belong here", one(`"use_wasi": true`), "manifest.use_wasi: unknown key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decode(t, tt.text)
			wantError(t, err, fault.InvalidManifest, tt.want)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", ``, "manifest: invalid JSON at byte 0"},
		{"no JSON", `{wasm: []}`, "manifest: invalid JSON at byte 1"},
		{"a key given twice", `{"wasm": [], "wasm": []}`, `duplicate name "wasm"`},
		{"objects from beside", `{"wasm": [{"data": {"$source": 0}}]}`, "refers to an object that is not there"},
		{"a million arrays", strings.Repeat("[", 1e6), "nested more than 64 deep"},
		{"a million objects", strings.Repeat(`{"wasm":`, 1e6), "nested more than 64 deep"},
		{"a million arrays where modules belong", `{"wasm": ` + strings.Repeat("[", 1e6) + strings.Repeat("]", 1e6) + `}`, "nested more than 64 deep"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text))
			wantError(t, err, fault.InvalidManifest, tt.want)
		})
	}
}

func TestParse(t *testing.T) {
	m, err := Parse([]byte(`{"wasm": [{"path": "p"}]}`))
	if err != nil || len(m.Wasm) != 1 || m.Wasm[0].Path != "p" {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestMain(t *testing.T) {
	for _, tt := range []struct {
		names string
		want  int
	}{
		{"-", 0},
		{"a", 0},
		{"- -", 1},
		{"a b c", 2},
		{"main b c", 0},
		{"a main c", 1},
		{"a b Main", 2},
		{"Main - b", 2},
	} {
		var m Manifest
		for name := range strings.FieldsSeq(tt.names) {
			m.Wasm = append(m.Wasm, Wasm{Name: strings.TrimPrefix(name, "-")})
		}
		if got := m.Main(); got != tt.want {
			t.Errorf("of %q the main module is %d, want %d", tt.names, got, tt.want)
		}
	}
}

// FuzzDecode: no text takes the decoder down, and what it accepts is sound.
func FuzzDecode(f *testing.F) {
	f.Add(`{"wasm": [{"url": "u", "name": "main", "hash": "` + digest + `"}], "config": {"a": "b"}}`)
	f.Add(`{"wasm": [{"data": {"$source": 0}}, {"data": "AA=="}], "memory": {"maxPages": 1}, "timeoutMs": 0}`)
	f.Add(`{"wasm": [{"module": {"$source": 1}}], "allowed_hosts": ["*"], "allowedPaths": {}}`)
	f.Fuzz(func(t *testing.T, text string) {
		tree, err := jsontree.Parse([]byte(text))
		if err != nil {
			return
		}
		if _, err := DecodeOptions(tree); err != nil && fault.From(err).Code != fault.InvalidInput {
			t.Errorf("options: an error without the right code: %v", err)
		}
		m, err := Decode(tree, 2)
		if err != nil {
			if fault.From(err).Code != fault.InvalidManifest || m != nil {
				t.Errorf("manifest: an error without the right code, or a result beside it: %v", err)
			}
			return
		}
		if len(m.Wasm) == 0 || len(m.Wasm) > MaxModules || m.Main() >= len(m.Wasm) {
			t.Fatalf("%d modules, the main one is %d", len(m.Wasm), m.Main())
		}
		for _, w := range m.Wasm {
			if w.Source != nil && (*w.Source < 0 || *w.Source >= 2) {
				t.Errorf("source %d", *w.Source)
			}
			if w.Hash != "" && len(w.Hash) != 64 {
				t.Errorf("hash %q", w.Hash)
			}
		}
		if p := m.Memory.MaxPages; p != nil && *p > 65536 {
			t.Errorf("%d pages", *p)
		}
	})
}
