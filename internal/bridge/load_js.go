//go:build js && wasm

package bridge

import (
	"fmt"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/webengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/plugin"
)

// loadNow gives a module for which nothing has to be waited for, or nil.
func (r *request) loadNow(w *manifest.Wasm, slot int) engine.Module {
	if w.Source == nil || w.Hash != "" || r.kinds[*w.Source] == webengine.Response {
		return nil
	}
	if m := webengine.CompileNow(int(r.number), *w.Source, slot); m != nil {
		return m
	}
	return nil
}

// loading is a request for which something has to be waited for.
type loading struct {
	*request
	*webengine.Request
	// typed says whether anything but the platform's own functions can be imported,
	// so that the types of imports and exports are wanted even of streamed modules.
	typed bool
}

// manifest makes a manifest of whatever was given for one.
func (r *loading) manifest() (*manifest.Manifest, error) {
	if m, err := r.manifestNow(); m != nil || err != nil {
		return m, err
	}
	source := 0 // the only one there is
	if v := r.input.Get("url"); v != nil {
		var err error
		if source, err = r.Fetch(v.Text, "", []any{}); err != nil {
			return nil, err
		}
	}
	return r.fromResponse(source)
}

// fromResponse takes a response for a module or for a manifest, by its type.
func (r *loading) fromResponse(source int) (*manifest.Manifest, error) {
	facts, err := r.good(source)
	if err != nil {
		return nil, err
	}
	switch facts.Type {
	case "application/wasm", "application/octet-stream", "":
		return fromSource(source), nil
	case "application/json", "text/json":
		if err := r.ReadBody(source); err != nil {
			return nil, err
		}
		text, err := r.Bytes(source)
		if err != nil {
			return nil, err
		}
		r.fetched = string(text)
		return manifest.Parse(text)
	}
	return nil, fault.New(fault.InvalidManifest, fmt.Sprintf(
		"%s: content type %q is neither WebAssembly (application/wasm, application/octet-stream) nor a manifest (application/json, text/json)",
		facts.URL, facts.Type))
}

// modules loads all modules of a manifest side by side.
func (r *loading) modules(m *manifest.Manifest) ([]plugin.Module, error) {
	r.typed = len(m.Wasm) > 1 || len(r.options.Functions) > 0
	mods := make([]plugin.Module, len(m.Wasm))
	errs := make([]error, len(mods))
	done := make(chan struct{})
	for i := range mods {
		go func() {
			mods[i].Name = m.ModuleName(i)
			mods[i].Module, errs[i] = r.module(&m.Wasm[i], i)
			done <- struct{}{}
		}()
	}
	for range mods {
		<-done
	}
	for i, err := range errs {
		if err != nil {
			return nil, fault.From(err).In(mods[i].Name, "")
		}
	}
	return mods, nil
}

func (r *loading) module(w *manifest.Wasm, slot int) (m engine.Module, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = plugin.Panicked(p)
		}
	}()
	return r.load(w, slot)
}

// load fetches and compiles one module of a manifest into the slot of that
// number, streaming where nobody needs its bytes.
func (r *loading) load(w *manifest.Wasm, slot int) (engine.Module, error) {
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
			return r.CompileStreaming(source, slot, r.typed)
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
func (r *loading) locate(w *manifest.Wasm) (source int, err error) {
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

func (r *loading) checkHash(w *manifest.Wasm, source int) error {
	if w.Hash == "" {
		return nil
	}
	sum, err := r.SHA256(source)
	if err != nil {
		return fault.Wrap(fault.Unsupported, "checking the hash", err)
	}
	if err := w.CheckHash(sum); err != nil {
		return err
	}
	return nil
}

// good gives the facts of a response whose status says that it is one to use.
func (r *loading) good(source int) (*webengine.Facts, error) {
	facts, err := r.Facts(source)
	if err != nil {
		return nil, err
	}
	if !facts.OK {
		return nil, fault.New(fault.FetchFailed, fmt.Sprintf("fetching %s: the server answered %d", facts.URL, facts.Status))
	}
	return facts, nil
}
