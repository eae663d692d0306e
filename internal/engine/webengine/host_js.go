//go:build js && wasm

// Package webengine compiles modules on the engine that the page already has.
// Its driver is the JavaScript shim: nothing here instantiates or calls a guest.
//
// The shim gives the package a host object, whose functions take and give only
// the platform's objects and its own. What belongs to the user (manifests,
// options, a fetch of their own) never reaches Go: a getter or Proxy that
// throws would do so through Go's frames.
package webengine

import (
	"errors"
	"fmt"
	"strings"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
	"github.com/hack-pad/safejs"
)

// Host is the shim's host object (web/src/host.mjs has the other side).
type Host struct{ value safejs.Value }

// NewHost wraps the shim's host object.
func NewHost(v safejs.Value) *Host { return &Host{v} }

// Module is a module compiled by the page's engine.
type Module struct {
	Value   safejs.Value // a WebAssembly.Module
	imports []engine.Import
	exports []engine.Export
}

// Imports lists what the module asks for.
func (m *Module) Imports() []engine.Import { return m.imports }

// Exports lists what the module offers.
func (m *Module) Exports() []engine.Export { return m.exports }

var (
	_ engine.Engine = (*Host)(nil)
	_ engine.Module = (*Module)(nil)
)

// Compile implements engine.Engine.
func (h *Host) Compile(wasm []byte) (engine.Module, error) {
	buf, err := h.NewBytes(wasm)
	if err != nil {
		return nil, err
	}
	return h.CompileBytes(buf)
}

// NewBytes copies b into a new Uint8Array.
func (h *Host) NewBytes(b []byte) (safejs.Value, error) {
	buf, err := h.value.Call("newBytes", len(b))
	if err != nil {
		return safejs.Value{}, err
	}
	_, err = safejs.CopyBytesToJS(buf, b)
	return buf, err
}

// compileAtOnce is up to how many bytes a module is compiled while the page waits.
// That takes less time than to have another thread do it and come back.
const compileAtOnce = 32 << 10

// CompileBytes compiles the bytes of a Uint8Array.
func (h *Host) CompileBytes(buf safejs.Value) (engine.Module, error) {
	if n, err := buf.Length(); err == nil && n <= compileAtOnce {
		if v, err := h.value.Call("compileNow", buf); err == nil && !v.IsNull() {
			return h.Describe(v)
		}
	}
	return h.compile("compile", buf)
}

// CompileStreaming compiles a response of type application/wasm while it
// arrives. The bytes are not kept.
func (h *Host) CompileStreaming(r *Response) (engine.Module, error) {
	return h.compile("compileStreaming", r.Value)
}

func (h *Host) compile(how string, what safejs.Value) (engine.Module, error) {
	v, err := h.await(how, what)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidWasm, "compiling the module", err)
	}
	return h.Describe(v)
}

// Describe wraps a WebAssembly.Module.
func (h *Host) Describe(v safejs.Value) (engine.Module, error) {
	text, err := h.text("describe", v)
	if err != nil {
		return nil, err
	}
	return parseDescription(v, text)
}

// parseDescription reads what the shim's describe says of a module: three fields
// for each import and two for each export, with a zero byte after each field. The
// exports come after an empty field.
func parseDescription(v safejs.Value, text string) (*Module, error) {
	m := &Module{Value: v}
	fields := strings.Split(text, "\x00")
	for len(fields) >= 3 && fields[0] != "" {
		kind, _ := engine.ParseKind(fields[0])
		m.imports = append(m.imports, engine.Import{Module: unescape(fields[1]), Name: unescape(fields[2]), Kind: kind})
		fields = fields[3:]
	}
	for fields = fields[1:]; len(fields) >= 2; fields = fields[2:] {
		kind, _ := engine.ParseKind(fields[0])
		m.exports = append(m.exports, engine.Export{Name: unescape(fields[1]), Kind: kind})
	}
	return m, nil
}

// unescape restores the zero bytes of a name.
func unescape(name string) string {
	if strings.IndexByte(name, 1) < 0 {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "\x01z", "\x00"), "\x01o", "\x01")
}

// Response is what has answered a request.
type Response struct {
	Value  safejs.Value // the shim's record of it
	Status int
	OK     bool
	Type   string // the media type without parameters, in lower case
	URL    string
}

// Fetch requests a URL. Headers are names and values in turn.
func (h *Host) Fetch(fetch safejs.Value, url, method string, headers []any) (*Response, error) {
	v, err := h.await("fetch", fetch, url, method, headers)
	if err != nil {
		return nil, fault.Wrap(fault.FetchFailed, "fetching "+url, err)
	}
	return h.Response(v)
}

// Response reads the facts of the shim's record of a Response.
func (h *Host) Response(v safejs.Value) (*Response, error) {
	text, err := h.text("responseFacts", v)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidInput, "reading a Response", err)
	}
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	status, _ := tree.Get("status").Uint()
	return &Response{
		Value:  v,
		Status: int(status),
		OK:     tree.Get("ok").Bool,
		Type:   tree.Get("type").Text,
		URL:    tree.Get("url").Text,
	}, nil
}

// Body reads the whole body of a Response into a Uint8Array.
func (h *Host) Body(r *Response) (safejs.Value, error) {
	v, err := h.await("body", r.Value)
	if err != nil {
		return v, fault.Wrap(fault.FetchFailed, "reading "+r.URL, err)
	}
	return v, nil
}

// ReadFile reads a file into a Uint8Array, where there is a file system.
func (h *Host) ReadFile(path string) (safejs.Value, error) {
	v, err := h.await("readFile", path)
	if err != nil {
		return v, fault.Wrap(fault.FetchFailed, "reading "+path, err)
	}
	return v, nil
}

// SHA256 gives the digest of a Uint8Array as hexadecimal digits.
func (h *Host) SHA256(buf safejs.Value) (string, error) {
	v, err := h.await("sha256", buf)
	if err != nil {
		return "", err
	}
	return v.String()
}

// Bytes copies a Uint8Array into Go.
func (h *Host) Bytes(buf safejs.Value) ([]byte, error) {
	n, err := buf.Length()
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = safejs.CopyBytesToGo(b, buf)
	return b, err
}

func (h *Host) text(function string, args ...any) (string, error) {
	v, err := h.value.Call(function, args...)
	if err != nil {
		return "", err
	}
	return v.String()
}

// await calls a function of the host object that gives a promise, and waits for
// that. Only goroutines of the control plane may wait.
func (h *Host) await(function string, args ...any) (safejs.Value, error) {
	promise, err := h.value.Call(function, args...)
	if err != nil {
		return safejs.Value{}, err
	}
	return await(promise)
}

type settled struct {
	value safejs.Value
	err   error
}

func await(promise safejs.Value) (safejs.Value, error) {
	done := make(chan settled, 1) // neither handler may block
	fulfilled, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		done <- settled{value: args[0]}
		return nil
	})
	if err != nil {
		return safejs.Value{}, err
	}
	defer fulfilled.Release()
	rejected, err := safejs.FuncOf(func(_ safejs.Value, args []safejs.Value) any {
		done <- settled{err: reason(args[0])}
		return nil
	})
	if err != nil {
		return safejs.Value{}, err
	}
	defer rejected.Release()
	if _, err := promise.Call("then", fulfilled.Value(), rejected.Value()); err != nil {
		return safejs.Value{}, err
	}
	s := <-done
	return s.value, s.err
}

// Thrown is an error that came from JavaScript. The host object sees to it that
// only its own records reach Go: the text, and a ticket for the value itself.
type Thrown struct {
	Text   string
	Ticket int
}

func (t *Thrown) Error() string { return t.Text }

func reason(v safejs.Value) error {
	text, err := v.Get("text")
	if err != nil {
		return fmt.Errorf("a promise was rejected: %w", err)
	}
	s, err1 := text.String()
	ticket, err2 := v.Get("ticket")
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	n, err := ticket.Int()
	if err != nil {
		return err
	}
	return &Thrown{s, n}
}
