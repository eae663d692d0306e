//go:build !js

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// maxDownload is the most bytes that are read from a URL.
const maxDownload = 256 << 20

// loadPlugin loads a manifest or a single module from a path or URL, and then all
// modules, in the manifest's order. Their hashes are left to the engine.
func loadPlugin(ctx context.Context, where string) (*manifest.Manifest, [][]byte, error) {
	l := loader{}
	data, err := l.plugin(ctx, where)
	if err != nil {
		return nil, nil, err
	}
	if !isManifest(data) {
		return &manifest.Manifest{Wasm: []manifest.Wasm{{Data: data}}}, [][]byte{data}, nil
	}
	m, err := manifest.Parse(data)
	if err != nil {
		return nil, nil, err
	}
	modules := make([][]byte, len(m.Wasm))
	for i := range m.Wasm {
		if modules[i], err = l.module(ctx, &m.Wasm[i]); err != nil {
			return nil, nil, fault.From(err).In(m.ModuleName(i), "")
		}
	}
	return m, modules, nil
}

// isManifest tells JSON, before which there may be a byte order mark, from a
// module, which begins with a zero byte.
func isManifest(data []byte) bool {
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	return bytes.HasPrefix(bytes.TrimLeft(text, " \t\r\n"), []byte("{"))
}

// loader loads what a manifest names.
type loader struct {
	base *url.URL // of the manifest; nil if it is a file
}

// plugin loads what the command line names.
func (l *loader) plugin(ctx context.Context, where string) ([]byte, error) {
	if !strings.HasPrefix(where, "http://") && !strings.HasPrefix(where, "https://") {
		return readFile(where)
	}
	base, err := url.Parse(where)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidInput, "the plug-in's URL", err)
	}
	l.base = base
	return fetch(ctx, where, "", nil)
}

// module loads a module. A manifest from elsewhere must not have files of this
// machine read; its URLs may be relative to its own.
func (l *loader) module(ctx context.Context, w *manifest.Wasm) ([]byte, error) {
	switch {
	case w.Path != "" && l.base != nil:
		return nil, fault.New(fault.InvalidManifest, fmt.Sprintf("path %q: a manifest that comes from a URL can only name URLs", w.Path))
	case w.Path != "":
		return readFile(w.Path)
	case w.URL == "":
		return w.Data, nil
	}
	base := l.base
	if base == nil {
		base = &url.URL{}
	}
	where, err := base.Parse(w.URL)
	switch {
	case err != nil:
		return nil, fault.Wrap(fault.FetchFailed, "a module's URL", err)
	case where.Scheme != "file":
		return fetch(ctx, where.String(), w.Method, w.Headers)
	case l.base != nil:
		return nil, fault.New(fault.InvalidManifest, fmt.Sprintf("URL %q: a manifest that comes from a URL must not name files of this machine", w.URL))
	}
	return readFile(filepath.FromSlash(where.Path))
}

func readFile(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.Wrap(fault.FetchFailed, "reading the plug-in", err)
	}
	return data, nil
}

// fetch reads what a URL answers.
func fetch(ctx context.Context, where, method string, headers []manifest.Header) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, where, nil)
	if err != nil {
		return nil, fault.Wrap(fault.FetchFailed, "fetching "+where, err)
	}
	for _, h := range headers {
		request.Header.Set(h.Name, h.Value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fault.Wrap(fault.FetchFailed, "fetching "+where, err)
	}
	defer response.Body.Close()
	if response.StatusCode/100 != 2 {
		return nil, fault.New(fault.FetchFailed, fmt.Sprintf("fetching %s: the server answered %d", where, response.StatusCode))
	}
	data, err := io.ReadAll(io.LimitReader(response.Body, maxDownload+1))
	if err == nil && len(data) > maxDownload {
		err = fmt.Errorf("more than %d bytes", maxDownload)
	}
	if err != nil {
		return nil, fault.Wrap(fault.FetchFailed, "fetching "+where, err)
	}
	return data, nil
}
