//go:build js && wasm

// Package webengine compiles modules on the engine that the page already has.
// Its driver is the JavaScript shim: nothing here instantiates or calls a guest.
//
// The objects stay with the shim; Go knows them by number. That keeps a user's
// objects away from Go, through whose frames a getter or Proxy would throw, and
// it is quick: each object that Go holds costs it a finalizer.
package webengine

import (
	"errors"
	"fmt"
	"strings"
	"unsafe"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
	"github.com/extism-js/extism-js/internal/wasm"
	"github.com/hack-pad/safejs"
)

// Host is the shim's host object; web/src/host.mjs has the other side.
type Host struct{ value safejs.Value }

// NewHost wraps the shim's host object.
func NewHost(v safejs.Value) *Host { return &Host{v} }

// Request is the shim's number for a plug-in in the making. It has sources, which
// are bytes, responses and modules, and slots for the modules made of them.
type Request struct {
	host   *Host
	number int
	// Kinds says what each source is.
	Kinds []SourceKind
	slots int // how many Compile has used
}

// SourceKind is what a source is.
type SourceKind string

// The kinds of source.
const (
	Bytes    SourceKind = "bytes"    // a Uint8Array that belongs to the shim
	Response SourceKind = "response" // what has answered a request, or was given for it
	Compiled SourceKind = "module"   // a WebAssembly.Module
)

// Request gives the request of that number, which has sources of these kinds.
func (h *Host) Request(number int, kinds []SourceKind) *Request {
	return &Request{host: h, number: number, Kinds: kinds}
}

// Module is a module compiled by the page's engine.
type Module struct {
	// Slot is its place among the modules of its request.
	Slot    int
	imports []engine.Import
	exports []engine.Export
}

// Imports lists what the module asks for.
func (m *Module) Imports() []engine.Import { return m.imports }

// Exports lists what the module offers.
func (m *Module) Exports() []engine.Export { return m.exports }

var (
	_ engine.Engine = (*Request)(nil)
	_ engine.Module = (*Module)(nil)
)

// Compile implements engine.Engine.
func (r *Request) Compile(wasm []byte) (engine.Module, error) {
	source, err := r.AddBytes(wasm)
	if err != nil {
		return nil, err
	}
	r.slots++
	return r.CompileBytes(source, r.slots-1)
}

// AddBytes adds a copy of b to the sources and gives its number.
func (r *Request) AddBytes(b []byte) (source int, err error) {
	source = r.newSource(Bytes)
	buf, err := r.host.value.Call("newBytes", r.number, source, len(b))
	if err != nil {
		return 0, err
	}
	_, err = safejs.CopyBytesToJS(buf, b)
	return source, err
}

func (r *Request) newSource(kind SourceKind) (source int) {
	r.Kinds = append(r.Kinds, kind)
	return len(r.Kinds) - 1
}

// CompileBytes compiles a source that is bytes into a slot.
func (r *Request) CompileBytes(source, slot int) (engine.Module, error) {
	return r.compile("compile", source, slot)
}

// CompileStreaming compiles a response into a slot while it arrives, if its facts
// say that it can be. The bytes are not kept; if the types of imports and exports are
// wanted, the shim keeps those that tell them.
func (r *Request) CompileStreaming(source, slot int, typed bool) (engine.Module, error) {
	return r.compile("compileStreaming", source, slot, typed)
}

// UseCompiled puts a source that is a module into a slot.
func (r *Request) UseCompiled(source, slot int) (engine.Module, error) {
	text, err := r.text("useCompiled", source, slot)
	return describe(r.number, source, slot, text), err
}

// compileNow puts a module into a slot and gives the length of its description
// in bytes, for takeText. It gives -1 if that takes long, or if the bytes are no
// module.
//
//go:wasmimport extism compile_now
func compileNow(request, source, slot int32) int32

// takeText copies a text into Go whose length the shim has given before.
//
//go:wasmimport extism take_text
func takeText(to unsafe.Pointer)

// CompileNow makes a module of a source of that request while the page waits: to
// have another thread compile a small module and come back takes longer. It gives
// nil if the module is not small, or none.
func CompileNow(request, source, slot int) *Module {
	n := compileNow(int32(request), int32(source), int32(slot))
	if n < 0 {
		return nil
	}
	text := make([]byte, n)
	takeText(unsafe.Pointer(unsafe.SliceData(text)))
	return describe(request, source, slot, string(text))
}

func (r *Request) compile(how string, source, slot int, more ...any) (engine.Module, error) {
	text, err := r.awaitText(how, append([]any{source, slot}, more...)...)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidWasm, "compiling the module", err)
	}
	return describe(r.number, source, slot, text), nil
}

// describe reads what the shim says of a module: three fields for each import and
// two for each export, with a zero byte after each field. The exports come after
// an empty field.
func describe(request, source, slot int, text string) *Module {
	m := &Module{Slot: slot}
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
	m.readTypes(int32(request), int32(source))
	return m
}

// sourceSize gives the number of bytes that the shim has of a source: all, or the
// head of a module; 0 if it has none.
//
//go:wasmimport extism source_size
func sourceSize(request, source int32) int32

// sourceRead copies n of them into Go, from an offset on, and gives 1; or 0 if they
// are not there.
//
//go:wasmimport extism source_read
func sourceRead(request, source, off int32, dst unsafe.Pointer, n int32) int32

// readTypes adds what JavaScript does not tell of a module, from the bytes of the
// source that it was made of. The engine has found the module good; what of it
// cannot be read here is from a later version of WebAssembly, and stays unknown.
func (m *Module) readTypes(request, source int32) {
	size := uint32(sourceSize(request, source))
	if size == 0 {
		return
	}
	info, err := wasm.Read(size, func(off uint32, dst []byte) bool {
		return sourceRead(request, source, int32(off), unsafe.Pointer(unsafe.SliceData(dst)), int32(len(dst))) != 0
	})
	if err != nil || len(info.Imports) != len(m.imports) || len(info.Exports) != len(m.exports) {
		return
	}
	for i := range m.imports {
		m.imports[i].Type = &info.Imports[i].ExternType
	}
	for i := range m.exports {
		m.exports[i].Type = &info.Exports[i].ExternType
	}
}

// unescape restores the zero bytes of a name.
func unescape(name string) string {
	if strings.IndexByte(name, 1) < 0 {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "\x01z", "\x00"), "\x01o", "\x01")
}

// Facts are what is known of a response.
type Facts struct {
	Status  int
	OK      bool
	Type    string // the media type without parameters, in lower case
	Streams bool   // whether the engine compiles such a response while it arrives
	URL     string // in full; "" of a response that somebody has made
}

// A Location is what a manifest's URLs are relative to.
type Location struct {
	Base  string // "": the platform's own notion
	Files bool   // whether they may be those of files
}

// Fetch requests a URL; the response becomes a source. Headers are names and
// values in turn.
func (r *Request) Fetch(url, method string, headers []any, from Location) (source int, err error) {
	source = r.newSource(Response)
	if _, err := r.await("fetch", source, url, method, headers, from.Base, from.Files); err != nil {
		return 0, fault.Wrap(fault.FetchFailed, "fetching "+url, err)
	}
	return source, nil
}

// Facts gives what is known of a source that is a response.
func (r *Request) Facts(source int) (*Facts, error) {
	text, err := r.text("facts", source)
	if err != nil {
		return nil, err
	}
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		return nil, err
	}
	status, _ := tree.Get("status").Uint()
	return &Facts{
		Status:  int(status),
		OK:      tree.Get("ok").Bool,
		Type:    tree.Get("type").Text,
		Streams: tree.Get("streams").Bool,
		URL:     tree.Get("url").Text,
	}, nil
}

// NoLimit is the limit of what may have any length.
const NoLimit = 1<<53 - 1

// ReadBody makes bytes of a source that is a response, and gives how many they
// are. If they turn out to be more than limit it stops reading, and the source is
// of no use any more.
func (r *Request) ReadBody(source int, limit uint64) (n uint64, err error) {
	if n, err = r.awaitLength("readBody", source, float64(limit)); err != nil {
		return 0, fault.Wrap(fault.FetchFailed, "reading the response", err)
	}
	r.Kinds[source] = Bytes
	return n, nil
}

// ReadFile reads a file into a new source, where there is a file system, and
// gives the file's length. One that is longer than limit is not read.
func (r *Request) ReadFile(path string, limit uint64) (source int, n uint64, err error) {
	source = r.newSource(Bytes)
	if n, err = r.awaitLength("readFile", source, path, float64(limit)); err != nil {
		return 0, 0, fault.Wrap(fault.FetchFailed, "reading "+path, err)
	}
	return source, n, nil
}

func (r *Request) awaitLength(function string, args ...any) (uint64, error) {
	v, err := r.await(function, args...)
	if err != nil {
		return 0, err
	}
	n, err := v.Float()
	return uint64(n), err
}

// SHA256 gives the digest of a source that is bytes, as hexadecimal digits.
func (r *Request) SHA256(source int) (string, error) { return r.awaitText("sha256", source) }

// Bytes copies a source that is bytes into Go.
func (r *Request) Bytes(source int) ([]byte, error) {
	buf, err := r.host.value.Call("bytes", r.number, source)
	if err != nil {
		return nil, err
	}
	n, err := buf.Length()
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	_, err = safejs.CopyBytesToGo(b, buf)
	return b, err
}

func (r *Request) call(function string, args []any) (safejs.Value, error) {
	return r.host.value.Call(function, append([]any{r.number}, args...)...)
}

func (r *Request) text(function string, args ...any) (string, error) {
	v, err := r.call(function, args)
	if err != nil {
		return "", err
	}
	return v.String()
}

func (r *Request) awaitText(function string, args ...any) (string, error) {
	v, err := r.await(function, args...)
	if err != nil {
		return "", err
	}
	return v.String()
}

// await calls a function of the host object that gives a promise, and waits for
// that. Only goroutines of the control plane may wait.
func (r *Request) await(function string, args ...any) (safejs.Value, error) {
	promise, err := r.call(function, args)
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
