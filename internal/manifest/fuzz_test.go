//go:build !js

package manifest

import (
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
)

// FuzzDecode: no text takes the decoder down, what it accepts is sound, and what
// it accepts as JSON the schema accepts as well.
func FuzzDecode(f *testing.F) {
	f.Add(`{"wasm": [{"url": "u", "name": "main", "hash": "` + digest + `"}], "config": {"a": "b"}}`)
	f.Add(`{"wasm": [{"data": {"\u0000": 0}}, {"data": "AA=="}], "memory": {"maxPages": 1}, "timeoutMs": 0}`)
	f.Add(`{"wasm": [{"response": {"\u0000": 1}}], "allowed_hosts": ["*"], "allowedPaths": {}}`)
	f.Add(`{"useWasi": true, "logLevel": "info", "functions": {"a": ["b"]}, "maxModuleBytes": 1e6}`)
	for _, e := range corpus(f) {
		f.Add(e.text)
	}
	s := schema(f)
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := Parse([]byte(text)); err == nil {
			checkSound(t, m, 0)
			if err := validate(s, []byte(strings.TrimPrefix(text, byteOrderMark))); err != nil {
				t.Errorf("the decoder accepts what the schema refuses: %v", err)
			}
		} else {
			checkError(t, err, fault.InvalidManifest)
		}
		tree, err := jsontree.Parse([]byte(text))
		if err != nil {
			return
		}
		if _, err := DecodeOptions(tree); err != nil {
			checkError(t, err, fault.InvalidInput)
		}
		if m, err := Decode(tree, []string{"bytes", "response"}); err == nil {
			checkSound(t, m, 2)
		} else {
			checkError(t, err, fault.InvalidManifest)
		}
	})
}

// checkError checks an error's code, and that a stranger's text does not swell it.
func checkError(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if fault.From(err).Code != code {
		t.Errorf("an error without the right code: %v", err)
	}
	if n := len(err.Error()); n > 10_000 {
		t.Errorf("an error of %d bytes", n)
	}
}

// checkSound checks what every manifest that was accepted has to be like.
func checkSound(t *testing.T, m *Manifest, sources int) {
	t.Helper()
	if len(m.Wasm) == 0 || len(m.Wasm) > MaxModules || m.Main() >= len(m.Wasm) {
		t.Fatalf("%d modules, the main one is %d", len(m.Wasm), m.Main())
	}
	names := map[string]bool{}
	for i, w := range m.Wasm {
		if w.Source != nil && (*w.Source < 0 || *w.Source >= sources) {
			t.Errorf("source %d", *w.Source)
		}
		if w.Hash != "" && len(w.Hash) != 64 {
			t.Errorf("hash %q", w.Hash)
		}
		name := m.ModuleName(i)
		if name == "" || names[name] {
			t.Errorf("two modules are called %q, or one has no name", name)
		}
		names[name] = true
	}
	if p := m.Memory.MaxPages; p != nil && *p > 65536 {
		t.Errorf("%d pages", *p)
	}
}
