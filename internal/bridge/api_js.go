//go:build js && wasm

package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/extism-js/extism-js/internal/engine"
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

// requestCreated has the plug-in's number, or 0 if none was asked for, its modules' names in the manifest's
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

// requestNow links a plug-in if nothing has to be waited for: its modules are
// compiled already, or small enough to be compiled at once. It answers as create
// does and gives 1, or it does nothing and gives 0.
//
//go:wasmexport request_now
func requestNow(number, n int32) (answered int32) {
	defer func() {
		if p := recover(); p != nil {
			refuse(number, plugin.Panicked(p))
			answered = 1
		}
	}()
	r, err := decodeRequest(number, inbox[:n])
	if err != nil {
		refuse(number, err)
		return 1
	}
	m, err := r.manifestNow()
	if err == nil && m == nil {
		return 0
	}
	var mods []plugin.Module
	for i := 0; err == nil && i < len(m.Wasm); i++ {
		var module engine.Module
		if module, err = r.loadNow(&m.Wasm[i], i); err != nil {
			err = fault.From(err).In(m.ModuleName(i), "")
			break
		}
		if module == nil {
			return 0
		}
		mods = append(mods, plugin.Module{Name: m.ModuleName(i), Module: module})
	}
	r.answer(m, mods, err)
	return 1
}

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
	go c.run(int32(number), text)
	return nil
}

func (c *control) run(number int32, text []byte) {
	defer func() {
		if p := recover(); p != nil {
			refuse(number, plugin.Panicked(p))
		}
	}()
	r, err := decodeRequest(number, text)
	if err != nil {
		refuse(number, err)
		return
	}
	l := &loading{request: r, Request: c.host.Request(int(number), r.kinds)}
	m, err := l.manifest()
	var mods []plugin.Module
	if err == nil {
		mods, err = l.modules(m)
	}
	r.answer(m, mods, err)
}

// request is one plug-in in the making.
type request struct {
	number  int32
	given   []string               // what came beside the manifest
	sizes   []uint64               // of what of that is bytes
	kinds   []webengine.SourceKind // of the sources that there are now
	options *manifest.Options
	input   *jsontree.Value // what was given for a manifest
	again   bool            // the sources are the modules, compiled before
	compile bool            // the modules are to be compiled and not linked
	fetched string          // the text of a manifest that was fetched
}

func decodeRequest(number int32, text []byte) (*request, error) {
	tree, err := jsontree.Parse(text)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidInput, "manifest or options", err)
	}
	options, err := manifest.DecodeOptions(tree.Get("options"))
	if err != nil {
		return nil, err
	}
	r := &request{number: number, options: options, input: tree.Get("input"), again: tree.Get("compiled") != nil}
	if v := tree.Get("compileOnly"); v != nil {
		r.compile = v.Bool
	}
	for i, kind := range tree.Get("sources").Items {
		size, _ := tree.Get("sizes").Items[i].Uint()
		r.given, r.sizes = append(r.given, kind.Text), append(r.sizes, size)
		r.kinds = append(r.kinds, webengine.SourceKind(kind.Text))
	}
	if r.again {
		n, _ := tree.Get("compiled").Uint()
		r.kinds = slices.Repeat([]webengine.SourceKind{webengine.Compiled}, int(n))
	}
	return r, nil
}

// manifestNow makes a manifest of whatever was given for one; it is nil if that
// has to be fetched or read first.
func (r *request) manifestNow() (m *manifest.Manifest, err error) {
	if v := r.input.Get("manifest"); v != nil {
		m, err = manifest.Decode(v, r.given)
	} else if v := r.input.Get("json"); v != nil {
		m, err = manifest.Parse([]byte(v.Text))
	} else if v := r.input.Get("path"); v != nil {
		m = &manifest.Manifest{Wasm: []manifest.Wasm{{Path: v.Text}}}
	} else if r.input.Get("source") != nil && r.kinds[0] != webengine.Response {
		m = fromSource(0)
	}
	if m != nil && r.again {
		useCompiled(m)
	}
	return m, err
}

func fromSource(source int) *manifest.Manifest {
	return &manifest.Manifest{Wasm: []manifest.Wasm{{Source: &source}}}
}

// useCompiled makes a manifest refer to modules that have been compiled before,
// for a plug-in that moves to another core. They are called as before.
func useCompiled(m *manifest.Manifest) {
	list := make([]manifest.Wasm, len(m.Wasm))
	for i := range list {
		list[i] = manifest.Wasm{Name: m.ModuleName(i), Source: &i}
	}
	m.Wasm = list
}

// answer links the modules and tells the shim, or tells it why not.
func (r *request) answer(m *manifest.Manifest, mods []plugin.Module, err error) {
	if err != nil {
		refuse(r.number, err)
		return
	}
	if r.compile {
		r.created(0, mods)
		return
	}
	p, err := plugin.New(plugin.Config{Manifest: m, Options: r.options, Modules: mods, WASI: wasiOptions()})
	if err != nil {
		refuse(r.number, err)
		return
	}
	id, err := register(p, len(mods))
	if err != nil {
		refuse(r.number, err)
		return
	}
	r.created(id, mods)
}

func (r *request) created(id int32, mods []plugin.Module) {
	names := mods[0].Name
	for _, m := range mods[1:] {
		names += "\x00" + m.Name
	}
	requestCreated(r.number, id, pointer(names), int32(len(names)), pointer(r.fetched), int32(len(r.fetched)))
}

func refuse(number int32, err error) {
	ticket := -1
	if t, ok := errors.AsType[*webengine.Thrown](err); ok {
		ticket = t.Ticket
	}
	text := encodeError(fault.From(err))
	requestRefused(number, pointer(text), int32(len(text)), int32(ticket))
}

var started = time.Now()

func wasiOptions() wasi.Options {
	return wasi.Options{
		Random:   webengine.Random,
		Walltime: func() int64 { return time.Now().UnixNano() },
		Nanotime: func() int64 { return int64(time.Since(started)) },
	}
}
