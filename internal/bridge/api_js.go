//go:build js && wasm

package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/extism-js/extism-js/internal/engine/webengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/plugin"
	"github.com/extism-js/extism-js/internal/wasi"
	"github.com/hack-pad/safejs"
)

// hostName is where the shim has put its host object, on this program's view of
// the global object alone.
const hostName = "extismHost"

// Run offers the control plane to the shim. What it returns must be kept alive.
func Run() (release func(), err error) {
	v, err := safejs.Global().Get(hostName)
	if err != nil {
		return nil, fmt.Errorf("the shim's host object: %w", err)
	}
	c := &control{host: webengine.NewHost(v)}
	create, err := safejs.FuncOf(c.create)
	if err != nil {
		return nil, err
	}
	if _, err := v.Call("ready", create.Value()); err != nil {
		create.Release()
		return nil, err
	}
	return create.Release, nil
}

// The answers to a request. The shim settles a promise by them, so nothing comes
// back into Go. Texts are borrowed.

// requestCreated has the plug-in's number, its modules' names in the manifest's
// order, with zero bytes between them, and the text of a manifest that was
// fetched.
//
//go:wasmimport extism request_created
func requestCreated(request, id int32, names unsafe.Pointer, namesLen int32, json unsafe.Pointer, jsonLen int32)

// requestRefused has an error as encodeError gives it, and a ticket for what
// JavaScript has thrown, or -1.
//
//go:wasmimport extism request_refused
func requestRefused(request int32, text unsafe.Pointer, textLen, ticket int32)

func pointer(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }

type control struct{ host *webengine.Host }

// create(request, n) links a plug-in in a goroutine of its own and answers by
// requestCreated or requestRefused. What is asked for is JSON, n bytes in the
// inbox.
func (c *control) create(_ safejs.Value, args []safejs.Value) any {
	if len(args) != 2 {
		return nil
	}
	number, err1 := args[0].Int()
	n, err2 := args[1].Int()
	if err1 != nil || err2 != nil || n > len(inbox) {
		return nil
	}
	text := bytes.Clone(inbox[:n])
	go c.answer(number, text)
	return nil
}

func (c *control) answer(number int, text []byte) {
	defer func() {
		if p := recover(); p != nil {
			refuse(number, fault.New(fault.Internal, fmt.Sprintf("the core panicked: %v", p)))
		}
	}()
	r := &request{}
	id, mods, err := r.run(c.host, number, text)
	if err != nil {
		refuse(number, err)
		return
	}
	names := make([]string, len(mods))
	for i, m := range mods {
		names[i] = m.Name
	}
	joined := strings.Join(names, "\x00")
	requestCreated(int32(number), id, pointer(joined), int32(len(joined)), pointer(r.fetched), int32(len(r.fetched)))
}

func refuse(number int, err error) {
	ticket := -1
	if t, ok := errors.AsType[*webengine.Thrown](err); ok {
		ticket = t.Ticket
	}
	text := encodeError(fault.From(err))
	requestRefused(int32(number), pointer(text), int32(len(text)), int32(ticket))
}

// request is one plug-in in the making.
type request struct {
	*webengine.Request
	fetched string // the text of a manifest that was fetched
}

func (r *request) run(host *webengine.Host, number int, text []byte) (id int32, mods []plugin.Module, err error) {
	tree, err := jsontree.Parse(text)
	if err != nil {
		return 0, nil, fault.Wrap(fault.InvalidInput, "manifest or options", err)
	}
	var kinds []webengine.SourceKind
	for _, kind := range tree.Get("sources").Items {
		kinds = append(kinds, webengine.SourceKind(kind.Text))
	}
	r.Request = host.Request(number, kinds)
	options, err := manifest.DecodeOptions(tree.Get("options"))
	if err != nil {
		return 0, nil, err
	}
	m, err := r.manifest(tree.Get("input"))
	if err != nil {
		return 0, nil, err
	}
	if tree.Get("compiled") != nil {
		useCompiled(m)
	}
	if mods, err = r.modules(m); err != nil {
		return 0, nil, err
	}
	p, err := plugin.New(plugin.Config{Manifest: m, Options: options, Modules: mods, WASI: wasiOptions()})
	if err != nil {
		return 0, nil, err
	}
	id, err = register(p, len(mods))
	return id, mods, err
}

// useCompiled makes a manifest refer to modules that have been compiled before,
// for a plug-in that moves to another core.
func useCompiled(m *manifest.Manifest) {
	for i := range m.Wasm {
		m.Wasm[i] = manifest.Wasm{Name: m.Wasm[i].Name, Source: &i}
	}
}

var started = time.Now()

func wasiOptions() wasi.Options {
	return wasi.Options{
		Random:   webengine.Random,
		Walltime: func() int64 { return time.Now().UnixNano() },
		Nanotime: func() int64 { return int64(time.Since(started)) },
	}
}

// manifest makes a manifest of whatever was given for one.
func (r *request) manifest(input *jsontree.Value) (*manifest.Manifest, error) {
	if v := input.Get("manifest"); v != nil {
		return manifest.Decode(v, len(r.Kinds))
	}
	if v := input.Get("json"); v != nil {
		return manifest.Parse([]byte(v.Text))
	}
	if v := input.Get("path"); v != nil {
		return &manifest.Manifest{Wasm: []manifest.Wasm{{Path: v.Text}}}, nil
	}
	source := 0 // the only one there is
	if v := input.Get("url"); v != nil {
		var err error
		if source, err = r.Fetch(v.Text, "", []any{}); err != nil {
			return nil, err
		}
	}
	if r.Kinds[source] == webengine.Response {
		return r.fromResponse(source)
	}
	return fromSource(source), nil
}

func fromSource(source int) *manifest.Manifest {
	return &manifest.Manifest{Wasm: []manifest.Wasm{{Source: &source}}}
}

// fromResponse takes a response for a module or for a manifest, by its type.
func (r *request) fromResponse(source int) (*manifest.Manifest, error) {
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
func (r *request) modules(m *manifest.Manifest) ([]plugin.Module, error) {
	mods := make([]plugin.Module, len(m.Wasm))
	if len(mods) == 1 {
		return mods, r.module(m, 0, &mods[0])
	}
	errs := make([]error, len(mods))
	done := make(chan struct{})
	for i := range mods {
		go func() {
			errs[i] = r.module(m, i, &mods[i])
			done <- struct{}{}
		}()
	}
	for range mods {
		<-done
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return mods, nil
}

func (r *request) module(m *manifest.Manifest, i int, to *plugin.Module) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, fmt.Sprintf("the core panicked: %v", p))
		}
	}()
	w := &m.Wasm[i]
	switch {
	case i == m.Main():
		to.Name = "main"
	case w.Name != "":
		to.Name = w.Name
	default:
		to.Name = strconv.Itoa(i)
	}
	to.Module, err = r.load(w, i)
	if err != nil {
		err = fault.From(err).In(to.Name, "")
	}
	return err
}
