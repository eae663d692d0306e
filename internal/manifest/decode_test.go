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

// decodeObject decodes a manifest beside which there are bytes, a Response and a
// module.
func decodeObject(t *testing.T, text string) (*Manifest, error) {
	t.Helper()
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatalf("the test's own JSON: %v", err)
	}
	return Decode(tree, []string{"bytes", "response", "module"})
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
		{"bytes beside the manifest", `{"wasm": [{"data": {"\u0000": 0}}]}`, Manifest{Wasm: []Wasm{{Source: ptr(0)}}}},
		{"a Response beside the manifest", `{"wasm": [{"response": {"\u0000": 1}}]}`, Manifest{Wasm: []Wasm{{Source: ptr(1)}}}},
		{"a compiled module beside the manifest", `{"wasm": [{"module": {"\u0000": 2}}]}`, Manifest{Wasm: []Wasm{{Source: ptr(2)}}}},
		{"objects that are modules themselves", `{"wasm": [{"\u0000": 2}, {"\u0000": 0}]}`, Manifest{Wasm: []Wasm{{Source: ptr(2)}, {Source: ptr(0)}}}},
		{"everything about a module", `{"wasm": [{"name": "n", "hash": "` + strings.ToUpper(digest) + `", "url": "u", "method": "POST", "headers": {"A": "1", "B": "2"}}]}`,
			Manifest{Wasm: []Wasm{{Name: "n", Hash: digest, URL: "u", Method: "POST", Headers: []Header{{"A", "1"}, {"B", "2"}}}}}},
		{"several modules", `{"wasm": [{"url": "u"}, {"path": "p", "name": "n"}]}`, Manifest{Wasm: []Wasm{{URL: "u"}, {Path: "p", Name: "n"}}}},
		{"null is as good as nothing", `{"wasm": [{"url": "u", "name": null, "path": null}], "config": null, "memory": null, "timeout_ms": null}`, Manifest{Wasm: one}},
		{"libextism's other names", `{"wasm": [{"url": "u", "header": {"A": "1"}}], "memory": {"max": 1}}`,
			Manifest{Wasm: []Wasm{{URL: "u", Headers: []Header{{"A", "1"}}}}, Memory: Memory{MaxPages: ptr[uint32](1)}}},
		{"base64 with line breaks", `{"wasm": [{"data": "AG\r\nFz\nbQ==\n"}]}`, Manifest{Wasm: []Wasm{{Data: []byte("\x00asm")}}}},
		{"names that are not reserved", `{"wasm": [{"url": "u", "name": "env"}, {"url": "u", "name": "extism:host/user"}]}`,
			Manifest{Wasm: []Wasm{{Name: "env", URL: "u"}, {Name: "extism:host/user", URL: "u"}}}},
		{"lone surrogates become U+FFFD", `{"wasm": [{"url": "u"}], "config": {"\ud800": "\udc00x"}}`,
			Manifest{Wasm: one, Config: map[string]string{"\ufffd": "\ufffdx"}}},
		{"__proto__ is a key like others", `{"wasm": [{"url": "u"}], "config": {"__proto__": "x", "constructor": "y"}}`,
			Manifest{Wasm: one, Config: map[string]string{"__proto__": "x", "constructor": "y"}}},
		{"what looks like a mark, and more", `{"wasm": [{"url": "u"}], "config": {"\u0000": "x", "a": "y"}}`,
			Manifest{Wasm: one, Config: map[string]string{"\x00": "x", "a": "y"}}},
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
			got, err := decodeObject(t, tt.text)
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
		{"max_http_response_bytes", `"memory": {"max_http_response_bytes": %s}`, func(m *Manifest) any { return get(m.Memory.MaxHTTPResponseBytes) }, 1<<53 - 1},
		{"max_var_bytes", `"memory": {"max_var_bytes": %s}`, func(m *Manifest) any { return get(m.Memory.MaxVarBytes) }, 1<<53 - 1},
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
			{"-0", uint64(0), true},
			{"1.5", nil, false},
			{"1e3", uint64(1000), true},
			{"10.0", uint64(10), true},
			{"1e99", nil, false},
			{"1e-1", nil, false},
			{`{"\u0000": "NaN"}`, nil, false},
			{`"1"`, nil, false},
			{"true", nil, false},
			{"{}", nil, false},
		} {
			text := `{"wasm": [{"url": "u"}], ` + fmt.Sprintf(limit.text, tt.text) + `}`
			m, err := decodeObject(t, text)
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
	m, err := decodeObject(t, `{"wasm": [{"url": "u"}]}`)
	if err != nil || m.TimeoutMs != nil || m.Memory != (Memory{}) {
		t.Errorf("nothing set: %+v, %v", m, err)
	}
	m, err = decodeObject(t, `{"wasm": [{"url": "u"}], "memory": {}}`)
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
		{"an object that is not there, as a module", `{"wasm": [{"\u0000": 3}]}`, "manifest.wasm[0]: refers to an object that is not there"},
		{"an object in place of limits", `{"wasm": [{"path": "p"}], "memory": {"\u0000": 0}}`, "manifest.memory: object expected, not bytes"},
		{"two objects", module(`{"data": {"\u0000": 0}, "module": {"\u0000": 2}}`), "manifest.wasm[1]: exactly one of"},
		{"a module that is text", module(`"u"`), "manifest.wasm[1]: object expected, not string"},
		{"a URL that is no text", module(`{"url": 1}`), "manifest.wasm[1].url: string expected, not number"},
		{"a header that is no text", module(`{"url": "u", "headers": {"A": 1}}`), "manifest.wasm[1].headers.A: string expected, not number"},
		{"headers that are a list", module(`{"url": "u", "headers": []}`), "manifest.wasm[1].headers: object expected, not array"},
		{"bad base64", module(`{"data": "A"}`), "manifest.wasm[1].data: bytes or base64 text expected"},
		{"base64 of the other alphabet", module(`{"data": "__8="}`), "manifest.wasm[1].data: bytes or base64 text expected"},
		{"a list for data", module(`{"data": [0, 97]}`), "manifest.wasm[1].data: bytes or base64 text expected, not array"},
		{"an object that is not there", module(`{"data": {"\u0000": 3}}`), "manifest.wasm[1].data: refers to an object that is not there"},
		{"an object of a huge number", module(`{"data": {"\u0000": 4294967296}}`), "manifest.wasm[1].data: an integer from 0 to 2147483647"},
		{"an object of a negative number", module(`{"data": {"\u0000": -1}}`), "manifest.wasm[1].data: an integer"},
		{"an object reference with more", module(`{"data": {"\u0000": 0, "x": 1}}`), "manifest.wasm[1].data: bytes or base64 text expected, not object"},
		{"base64 for a module", module(`{"module": "AGFzbQ=="}`), "manifest.wasm[1].module: a WebAssembly.Module expected, not string"},
		{"text for a response", module(`{"response": "u"}`), "manifest.wasm[1].response: a Response expected, not string"},
		{"a short hash", module(`{"url": "u", "hash": "abc"}`), "manifest.wasm[1].hash: 64 hexadecimal digits"},
		{"a hash with another letter", module(`{"url": "u", "hash": "g` + digest[1:] + `"}`), "manifest.wasm[1].hash: 64 hexadecimal digits"},
		{"an empty hash", module(`{"url": "u", "hash": ""}`), "manifest.wasm[1].hash: 64 hexadecimal digits"},
		{"the name of the environment", module(`{"url": "u", "name": "extism:host/env"}`), `manifest.wasm[1].name: module name collision: "extism:host/env" is reserved`},
		{"the name of WASI", module(`{"url": "u", "name": "wasi_snapshot_preview1"}`), `module name collision: "wasi_snapshot_preview1" is reserved`},
		{"a name given twice", `{"wasm": [{"url": "u", "name": "n"}, {"url": "u", "name": "n"}]}`, `manifest.wasm[1].name: module name collision: "n" names module 0 already`},
		{"a name that is the next one's number", `{"wasm": [{"url": "u", "name": "1"}, {"url": "u"}, {"url": "u"}]}`, `manifest.wasm[1]: module name collision: "1" names module 0`},
		{"a name that is another's number", `{"wasm": [{"url": "u"}, {"url": "u", "name": "0"}]}`, `manifest.wasm[1].name: module name collision: "0" names module 0`},
		{"a name that is another's hash", `{"wasm": [{"url": "u", "hash": "` + digest + `"}, {"url": "u", "name": "` + digest + `"}]}`, `manifest.wasm[1].name: module name collision`},
		{"a hash given twice", `{"wasm": [{"url": "u", "hash": "` + digest + `"}, {"url": "u", "hash": "` + strings.ToUpper(digest) + `"}, {"url": "u"}]}`, `manifest.wasm[1].hash: module name collision`},
		{"two main modules", `{"wasm": [{"url": "u", "name": "main"}, {"url": "u", "name": "main"}]}`, `manifest.wasm[1].name: module name collision: "main"`},
		{"a null of an unknown key", one(`"novelty": null`), "manifest.novelty: unknown key"},
		{"a key of both spellings at once", one(`"memory": {"max_varBytes": 1}`), "manifest.memory.max_varBytes: unknown key"},
		{"a key in capitals", one(`"Config": {}`), "manifest.Config: unknown key"},
		{"an alias where it is none", one(`"max": 1`), "manifest.max: unknown key"},
		{"an alias beside its key", one(`"memory": {"max": 1, "maxPages": 1}`), "manifest.memory.maxPages: given twice"},
		{"two header objects", module(`{"url": "u", "header": {}, "headers": {}}`), "manifest.wasm[1].headers: given twice"},
		{"__proto__ is an unknown key", one(`"__proto__": {"config": {}}`), "manifest.__proto__: unknown key"},
		{"an empty name", module(`{"url": "u", "name": ""}`), "manifest.wasm[1].name: must not be empty"},
		{"an empty URL", module(`{"url": ""}`), "manifest.wasm[1].url: must not be empty"},
		{"an empty path", module(`{"path": ""}`), "manifest.wasm[1].path: must not be empty"},
		{"an empty method", module(`{"url": "u", "method": ""}`), "manifest.wasm[1].method: must not be empty"},
		{"a method for a file", module(`{"path": "p", "method": "GET"}`), `manifest.wasm[1].method: only a "url" has one`},
		{"headers for bytes", module(`{"data": "", "headers": {}}`), `manifest.wasm[1].headers: only a "url" has one`},
		{"the hash of a compiled module", module(`{"module": {"\u0000": 2}, "hash": "` + digest + `"}`), "manifest.wasm[1].hash: source data of a WebAssembly.Module is unavailable for hashing"},
		{"a Response for data", module(`{"data": {"\u0000": 1}}`), "manifest.wasm[1].data: bytes expected, not a Response"},
		{"a module for data", module(`{"data": {"\u0000": 2}}`), "manifest.wasm[1].data: bytes expected, not a WebAssembly.Module"},
		{"bytes for a module", module(`{"module": {"\u0000": 0}}`), "manifest.wasm[1].module: a WebAssembly.Module expected, not bytes"},
		{"a function for a Response", module(`{"response": {"\u0000": "a function"}}`), "manifest.wasm[1].response: a Response expected, not a function"},
		{"bytes for config", one(`"config": {"\u0000": 0}`), "manifest.config: object expected, not bytes"},
		{"a function for config", one(`"config": {"\u0000": "a function"}`), "manifest.config: object expected, not a function"},
		{"a config value that is no number at all", one(`"config": {"a": {"\u0000": "NaN"}}`), "manifest.config.a: string expected, not NaN"},
		{"a long key", one(`"` + strings.Repeat("k", 1000) + `": 1`), "manifest." + strings.Repeat("k", 100) + "…: unknown key"},
		{"a long number", one(`"timeout_ms": ` + strings.Repeat("1", 1000)), "not " + strings.Repeat("1", 100) + "…"},
		{"config that is no object", one(`"config": "a=b"`), "manifest.config: object expected, not string"},
		{"a config value that is no text", one(`"config": {"a": 1}`), "manifest.config.a: string expected, not number"},
		{"hosts that are text", one(`"allowed_hosts": "a"`), "manifest.allowed_hosts: array expected, not string"},
		{"a host that is no text", one(`"allowed_hosts": ["a", 1]`), "manifest.allowed_hosts[1]: string expected, not number"},
		{"a path that is no text", one(`"allowed_paths": {"/a": true}`), "manifest.allowed_paths./a: string expected, not boolean"},
		{"the first of several mistakes", one(`"config": 1, "memory": 2`), "manifest.config"},
		{"options do not belong here", one(`"use_wasi": true`), "manifest.use_wasi: unknown key"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := decodeObject(t, tt.text)
			wantError(t, err, fault.InvalidManifest, tt.want)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", ``, "manifest: invalid JSON at byte 0"},
		{"no JSON", `{wasm: []}`, "manifest: invalid JSON at byte 1"},
		{"a key given twice", `{"wasm": [], "wasm": []}`, `duplicate name "wasm"`},
		{"objects from beside", `{"wasm": [{"data": {"\u0000": 0}}]}`, "manifest.wasm[0].data: bytes or base64 text expected, not object"},
		{"a module in JSON", `{"wasm": [{"module": {"\u0000": 0}}]}`, "manifest.wasm[0].module: only possible where the manifest is an object"},
		{"a Response in JSON", `{"wasm": [{"response": "u"}]}`, "manifest.wasm[0].response: only possible where the manifest is an object"},
		{"two byte order marks", "\ufeff\ufeff{}", "manifest: invalid JSON at byte 0"},
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
	for _, before := range []string{"", " \t\r\n", "\ufeff", "\ufeff\n"} {
		m, err := Parse([]byte(before + `{"wasm": [{"path": "p"}]}`))
		if err != nil || len(m.Wasm) != 1 || m.Wasm[0].Path != "p" {
			t.Errorf("after %q: %+v, %v", before, m, err)
		}
	}
}

func TestModuleName(t *testing.T) {
	text := `{"wasm": [{"url": "u"}, {"url": "u", "hash": "` + strings.ToUpper(digest) + `"}, {"url": "u", "name": "n", "hash": "` + digest + `"}, {"url": "u", "name": "last"}]}`
	m, err := Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"0", digest, "n", "main"} {
		if got := m.ModuleName(i); got != want {
			t.Errorf("module %d is called %q, want %q", i, got, want)
		}
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
