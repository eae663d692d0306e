//go:build js && wasm

package bridge

import (
	"context"
	"fmt"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/webengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/hack-pad/safejs"
)

// load fetches and compiles one module of a manifest, streaming where nobody
// needs its bytes.
func (r *request) load(ctx context.Context, w *manifest.Wasm) (engine.Module, error) {
	switch {
	case w.Source != nil:
		return r.source(ctx, w)
	case w.URL != "":
		response, err := r.request(ctx, w.URL, w.Method, w.Headers)
		if err != nil {
			return nil, err
		}
		return r.compileResponse(ctx, w, response)
	case w.Path != "":
		buf, err := r.host.ReadFile(ctx, w.Path)
		if err != nil {
			return nil, err
		}
		return r.compileBytes(ctx, w, buf)
	}
	buf, err := r.host.NewBytes(w.Data)
	if err != nil {
		return nil, err
	}
	return r.compileBytes(ctx, w, buf)
}

// source loads a module from an object that came beside the manifest.
func (r *request) source(ctx context.Context, w *manifest.Wasm) (engine.Module, error) {
	v, err := r.sources.Index(*w.Source)
	if err != nil {
		return nil, err
	}
	kind, err := r.host.KindOf(v)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "bytes":
		return r.compileBytes(ctx, w, v)
	case "response":
		response, err := r.host.Response(v)
		if err != nil {
			return nil, err
		}
		return r.compileResponse(ctx, w, response)
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

func (r *request) request(ctx context.Context, url, method string, headers []manifest.Header) (*webengine.Response, error) {
	list := []any{}
	for _, h := range headers {
		list = append(list, h.Name, h.Value)
	}
	return r.host.Fetch(ctx, r.fetch, url, method, list)
}

func (r *request) compileResponse(ctx context.Context, w *manifest.Wasm, response *webengine.Response) (engine.Module, error) {
	if err := checkStatus(response); err != nil {
		return nil, err
	}
	if w.Hash == "" && response.Type == "application/wasm" {
		return r.host.CompileStreaming(ctx, response)
	}
	buf, err := r.host.Body(ctx, response)
	if err != nil {
		return nil, err
	}
	return r.compileBytes(ctx, w, buf)
}

func (r *request) compileBytes(ctx context.Context, w *manifest.Wasm, buf safejs.Value) (engine.Module, error) {
	if w.Hash != "" {
		sum, err := r.host.SHA256(ctx, buf)
		if err != nil {
			return nil, fault.Wrap(fault.Unsupported, "checking the hash", err)
		}
		if sum != w.Hash {
			return nil, fault.New(fault.HashMismatch, fmt.Sprintf(
				"Plugin error: hash mismatch. Expected: %s. Actual: %s", w.Hash, sum))
		}
	}
	return r.host.CompileBytes(ctx, buf)
}

func checkStatus(r *webengine.Response) error {
	if r.OK {
		return nil
	}
	return fault.New(fault.FetchFailed, fmt.Sprintf("fetching %s: the server answered %d", r.URL, r.Status))
}
