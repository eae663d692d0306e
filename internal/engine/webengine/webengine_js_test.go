//go:build js && wasm

package webengine

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/enginetest"
	"github.com/hack-pad/safejs"
)

// request gives the request that web/test/engine.mjs has begun.
var request = func() *Request {
	v, err := safejs.Global().Get("extismHost")
	if err != nil {
		panic(err)
	}
	return NewHost(v).Request(1, nil)
}()

func TestConformance(t *testing.T) { enginetest.Engine(t, request) }

// now is the engine that compiles while everything waits.
type now struct{ *Request }

func (n now) Compile(wasm []byte) (engine.Module, error) {
	source, err := n.AddBytes(wasm)
	if err != nil {
		return nil, err
	}
	n.slots++
	if m := CompileNow(n.number, source, n.slots-1); m != nil {
		return m, nil
	}
	return n.CompileBytes(source, n.slots-1)
}

func TestConformanceOfCompileNow(t *testing.T) { enginetest.Engine(t, now{request}) }

func TestMemory(t *testing.T) {
	enginetest.Memories(t, Memory(1), func() {
		if _, err := safejs.Global().Call("growTestMemory"); err != nil {
			t.Fatal(err)
		}
	})
	if m := Memory(2); m.Size() != 0 || m.Read(0, make([]byte, 1)) || m.Write(0, []byte{1}) {
		t.Error("a memory that is not there can be read or written")
	}
}

func TestHandles(t *testing.T) {
	for _, id := range []int32{1, 2, 1000, MaxID} {
		for _, slot := range []int{0, 63, KernelSlot} {
			if i, s := SplitHandle(Handle(id, slot)); i != id || s != slot {
				t.Errorf("%d, %d became %d, %d", id, slot, i, s)
			}
		}
	}
}

func TestFetch(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "module.wasm")
	if err := os.WriteFile(path, []byte("\x00asm\x01\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := (&url.URL{Scheme: "file", Path: path}).String()
	source, err := request.Fetch(file, "", []any{}, Location{Files: true})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := request.Facts(source)
	if err != nil || !facts.OK || facts.Status != 200 || facts.Type != "application/wasm" {
		t.Fatalf("%+v, %v", facts, err)
	}
	if _, err := request.CompileStreaming(source, 7, true); err != nil {
		t.Error(err)
	}
	if _, err := request.Fetch(file, "", []any{}, Location{}); err == nil || !strings.Contains(err.Error(), "must not name files") {
		t.Errorf("a file that a manifest from elsewhere names: %v", err)
	}
	for _, limit := range []uint64{8, 7} {
		if source, err = request.Fetch("module.wasm", "", []any{}, Location{Base: file, Files: true}); err != nil {
			t.Fatal(err)
		}
		if n, err := request.ReadBody(source, limit); err != nil || n != 8 {
			t.Errorf("a body of 8 bytes, with a limit of %d: %d bytes, %v", limit, n, err)
		}
	}
	var n uint64
	if source, n, err = request.ReadFile(path, 8); err != nil || n != 8 {
		t.Fatalf("%d bytes, %v", n, err)
	}
	const sum = "93a44bbb96c751218e4c00d479e4c14358122a389acca16205b1e4d0dc5f9476"
	if _, n, err := request.ReadFile(path, 7); err != nil || n != 8 {
		t.Errorf("a file above the limit: %d bytes, %v", n, err)
	}
	if got, err := request.SHA256(source); err != nil || got != sum {
		t.Errorf("%s, %v", got, err)
	}
	if b, err := request.Bytes(source); err != nil || len(b) != 8 {
		t.Errorf("%q, %v", b, err)
	}
	if _, err := request.Fetch(file+".none", "", []any{}, Location{Files: true}); err == nil || !strings.Contains(err.Error(), "ENOENT") {
		t.Errorf("a file that is not there: %v", err)
	}
}
