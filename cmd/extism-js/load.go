//go:build !js

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// maxDownload is the most bytes that are read from a URL.
const maxDownload = 256 << 20

// loadPlugin loads a manifest or a single module from a path or URL, and then all
// modules, in the manifest's order.
func loadPlugin(ctx context.Context, where string) (*manifest.Manifest, [][]byte, error) {
	data, err := read(ctx, where, "", nil)
	if err != nil {
		return nil, nil, err
	}
	if !bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")) {
		return &manifest.Manifest{Wasm: []manifest.Wasm{{Data: data}}}, [][]byte{data}, nil
	}
	m, err := manifest.Parse(data)
	if err != nil {
		return nil, nil, err
	}
	modules := make([][]byte, len(m.Wasm))
	for i := range m.Wasm {
		if modules[i], err = loadModule(ctx, &m.Wasm[i]); err != nil {
			return nil, nil, fault.From(err).In(m.ModuleName(i), "")
		}
	}
	return m, modules, nil
}

func loadModule(ctx context.Context, w *manifest.Wasm) (data []byte, err error) {
	switch {
	case w.URL != "":
		data, err = read(ctx, w.URL, w.Method, w.Headers)
	case w.Path != "":
		data, err = read(ctx, w.Path, "", nil)
	default:
		data = w.Data
	}
	if err != nil || w.Hash == "" {
		return data, err
	}
	sum := sha256.Sum256(data)
	if err := w.CheckHash(hex.EncodeToString(sum[:])); err != nil {
		return nil, err
	}
	return data, nil
}

// read reads a file, or what a URL answers.
func read(ctx context.Context, where, method string, headers []manifest.Header) ([]byte, error) {
	if !strings.HasPrefix(where, "http://") && !strings.HasPrefix(where, "https://") {
		data, err := os.ReadFile(where)
		if err != nil {
			return nil, fault.Wrap(fault.FetchFailed, "reading the plug-in", err)
		}
		return data, nil
	}
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
