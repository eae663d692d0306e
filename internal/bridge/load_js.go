//go:build js && wasm

package bridge

import (
	"fmt"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/webengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// load fetches and compiles one module of a manifest into the slot of that
// number, streaming where nobody needs its bytes.
func (r *request) load(w *manifest.Wasm, slot int) (engine.Module, error) {
	source, err := r.locate(w)
	if err != nil {
		return nil, err
	}
	switch r.Kinds[source] {
	case webengine.Compiled:
		if w.Hash != "" {
			return nil, fault.New(fault.InvalidManifest,
				"a WebAssembly.Module has no bytes that could be hashed; give the bytes, or leave the hash out")
		}
		return r.UseCompiled(source, slot)
	case webengine.Response:
		facts, err := r.good(source)
		if err != nil {
			return nil, err
		}
		if w.Hash == "" && facts.Type == "application/wasm" {
			return r.CompileStreaming(source, slot)
		}
		if err := r.ReadBody(source); err != nil {
			return nil, err
		}
	}
	if err := r.checkHash(w, source); err != nil {
		return nil, err
	}
	return r.CompileBytes(source, slot)
}

// locate makes sure that a module, or a response that has it, is a source.
func (r *request) locate(w *manifest.Wasm) (source int, err error) {
	switch {
	case w.Source != nil:
		return *w.Source, nil
	case w.URL != "":
		headers := []any{}
		for _, h := range w.Headers {
			headers = append(headers, h.Name, h.Value)
		}
		return r.Fetch(w.URL, w.Method, headers)
	case w.Path != "":
		return r.ReadFile(w.Path)
	}
	return r.AddBytes(w.Data)
}

func (r *request) checkHash(w *manifest.Wasm, source int) error {
	if w.Hash == "" {
		return nil
	}
	sum, err := r.SHA256(source)
	if err != nil {
		return fault.Wrap(fault.Unsupported, "checking the hash", err)
	}
	if sum != w.Hash {
		return fault.New(fault.HashMismatch, fmt.Sprintf(
			"Plugin error: hash mismatch. Expected: %s. Actual: %s", w.Hash, sum))
	}
	return nil
}

// good gives the facts of a response whose status says that it is one to use.
func (r *request) good(source int) (*webengine.Facts, error) {
	facts, err := r.Facts(source)
	if err != nil {
		return nil, err
	}
	if !facts.OK {
		return nil, fault.New(fault.FetchFailed, fmt.Sprintf("fetching %s: the server answered %d", facts.URL, facts.Status))
	}
	return facts, nil
}
