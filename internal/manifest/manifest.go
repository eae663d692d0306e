// Package manifest decodes and validates Extism manifests: which modules a
// plug-in is made of, and within which limits it runs.
//
// Source of the format: https://extism.org/docs/concepts/manifest. Keys may be
// written in snake_case, as there, or in camelCase, as in JavaScript.
package manifest

import (
	"strconv"

	"github.com/extism-js/extism-js/internal/fault"
)

// Manifest describes a plug-in. Limits are pointers: unset is not zero.
type Manifest struct {
	Wasm         []Wasm
	Config       map[string]string // nil if unset
	AllowedHosts []string          // nil if unset; no host is allowed then
	AllowedPaths map[string]string // nil if unset
	Memory       Memory
	TimeoutMs    *uint32 // milliseconds a call may take
}

// Memory holds a plug-in's memory limits.
type Memory struct {
	MaxPages             *uint32 // WebAssembly pages of 64 KiB
	MaxHTTPResponseBytes *uint64
	MaxVarBytes          *uint64 // keys and values together; 0 disables vars
}

// Wasm is one module of a plug-in. Exactly one of Data, URL, Path and Source
// says where it is.
type Wasm struct {
	Name    string // "" if unset
	Hash    string // SHA-256 of the module, 64 lower-case hexadecimal digits; "" if unset
	Data    []byte
	URL     string
	Method  string // of the request for URL; "" if unset
	Headers []Header
	Path    string
	Source  *int // index into objects that came beside the manifest
}

// Header is one header of the request for a module.
type Header struct{ Name, Value string }

// Main is the module whose exports a call sees, by the rule of Extism's SDKs:
// the one named "main", or else the last.
func (m *Manifest) Main() int {
	for i := range m.Wasm {
		if m.Wasm[i].Name == mainName {
			return i
		}
	}
	return len(m.Wasm) - 1
}

// ModuleName is the name by which other modules import from the i-th: "main" for
// the main module, whatever it is called; else its name, or its hash, or its
// number, as in @extism/extism.
func (m *Manifest) ModuleName(i int) string {
	if i == m.Main() {
		return mainName
	}
	name, _ := m.ownName(i)
	return name
}

const mainName = "main"

// ownName is the name of a module and, for a message, the key that it comes from.
func (m *Manifest) ownName(i int) (name, key string) {
	switch w := &m.Wasm[i]; {
	case w.Name != "":
		return w.Name, ".name"
	case i == m.Main():
		return mainName, ""
	case w.Hash != "":
		return w.Hash, ".hash"
	}
	return strconv.Itoa(i), ""
}

// CheckHash compares the SHA-256 of the module's bytes, in lower-case hexadecimal
// digits, with the one that the manifest names.
func (w *Wasm) CheckHash(sum string) *fault.Error {
	if sum == w.Hash {
		return nil
	}
	return fault.New(fault.HashMismatch, "Plugin error: hash mismatch. Expected: "+w.Hash+". Actual: "+sum)
}
