//go:build js && wasm

package bridge

import (
	"fmt"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/webengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/hack-pad/safejs"
)

// load fetches and compiles one module of a manifest, streaming where nobody
// needs its bytes.
func (r *request) load(w *manifest.Wasm) (engine.Module, error) {
	switch {
	case w.Source != nil:
		return r.source(w)
	case w.URL != "":
		response, err := r.request(w.URL, w.Method, w.Headers)
		if err != nil {
			return nil, err
		}
		return r.compileResponse(w, response)
	case w.Path != "":
		buf, err := r.host.ReadFile(w.Path)
		if err != nil {
			return nil, err
		}
		return r.compileBytes(w, buf)
	}
	buf, err := r.host.NewBytes(w.Data)
	if err != nil {
		return nil, err
	}
	return r.compileBytes(w, buf)
}

// source loads a module from an object that came beside the manifest.
func (r *request) source(w *manifest.Wasm) (engine.Module, error) {
	v, err := r.sources.Index(*w.Source)
	if err != nil {
		return nil, err
	}
	switch r.kinds[*w.Source] {
	case "bytes":
		return r.compileBytes(w, v)
	case "response":
		response, err := r.host.Response(v)
		if err != nil {
			return nil, err
		}
		return r.compileResponse(w, response)
	}
	if w.Hash != "" {
		return nil, fault.New(fault.InvalidManifest,
			"a WebAssembly.Module has no bytes that could be hashed; give the bytes, or leave the hash out")
	}
	return r.host.Describe(v)
}

func (r *request) response(n int) (*webengine.Response, error) {
	v, err := r.sources.Index(n)
	if err != nil {
		return nil, err
	}
	return r.host.Response(v)
}

func (r *request) request(url, method string, headers []manifest.Header) (*webengine.Response, error) {
	list := []any{}
	for _, h := range headers {
		list = append(list, h.Name, h.Value)
	}
	return r.host.Fetch(r.fetch, url, method, list)
}

func (r *request) compileResponse(w *manifest.Wasm, response *webengine.Response) (engine.Module, error) {
	if err := checkStatus(response); err != nil {
		return nil, err
	}
	if w.Hash == "" && response.Type == "application/wasm" {
		return r.host.CompileStreaming(response)
	}
	buf, err := r.host.Body(response)
	if err != nil {
		return nil, err
	}
	return r.compileBytes(w, buf)
}

func (r *request) compileBytes(w *manifest.Wasm, buf safejs.Value) (engine.Module, error) {
	if w.Hash != "" {
		sum, err := r.host.SHA256(buf)
		if err != nil {
			return nil, fault.Wrap(fault.Unsupported, "checking the hash", err)
		}
		if sum != w.Hash {
			return nil, fault.New(fault.HashMismatch, fmt.Sprintf(
				"Plugin error: hash mismatch. Expected: %s. Actual: %s", w.Hash, sum))
		}
	}
	return r.host.CompileBytes(buf)
}

func checkStatus(r *webengine.Response) error {
	if r.OK {
		return nil
	}
	return fault.New(fault.FetchFailed, fmt.Sprintf("fetching %s: the server answered %d", r.URL, r.Status))
}
