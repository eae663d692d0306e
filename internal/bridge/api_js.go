//go:build js && wasm

package bridge

import (
	"errors"
	"fmt"
	"strconv"
	"time"

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

type control struct{ host *webengine.Host }

// create(request, sources, fetch, resolve, reject) links a plug-in in a
// goroutine of its own. It calls resolve(id, names, modules, json), with the
// modules in the manifest's order and the text of a manifest that was fetched,
// or reject(error text as in encodeError, ticket).
func (c *control) create(_ safejs.Value, args []safejs.Value) any {
	if len(args) != 5 {
		return nil
	}
	r := &request{control: c, sources: args[1], fetch: args[2]}
	go func() {
		defer func() {
			if p := recover(); p != nil {
				r.reject(args[4], panicked(p))
			}
		}()
		id, names, modules, err := r.run(args[0])
		if err != nil {
			r.reject(args[4], err)
			return
		}
		args[3].Invoke(id, names, modules, r.fetched)
	}()
	return nil
}

// request is one plug-in in the making.
type request struct {
	*control
	sources safejs.Value // an array: Uint8Array, Response and WebAssembly.Module objects
	count   int
	fetch   safejs.Value
	fetched string // the text of a manifest that was fetched
}

// reject reports an error; the ticket stands for a value that JavaScript threw.
func (r *request) reject(reject safejs.Value, err error) {
	ticket := -1
	if t, ok := errors.AsType[*webengine.Thrown](err); ok {
		ticket = t.Ticket
	}
	reject.Invoke(encodeError(fault.From(err)), ticket)
}

func (r *request) run(text safejs.Value) (id int32, names, modules []any, err error) {
	data, err := r.host.Bytes(text)
	if err != nil {
		return 0, nil, nil, err
	}
	tree, err := jsontree.Parse(data)
	if err != nil {
		return 0, nil, nil, fault.Wrap(fault.InvalidInput, "manifest or options", err)
	}
	if r.count, err = r.sources.Length(); err != nil {
		return 0, nil, nil, err
	}
	options, err := manifest.DecodeOptions(tree.Get("options"))
	if err != nil {
		return 0, nil, nil, err
	}
	m, err := r.manifest(tree.Get("input"))
	if err != nil {
		return 0, nil, nil, err
	}
	if compiled := tree.Get("compiled"); compiled != nil {
		useCompiled(m)
	}
	mods, err := r.modules(m)
	if err != nil {
		return 0, nil, nil, err
	}
	p, err := plugin.New(plugin.Config{Manifest: m, Options: options, Modules: mods, WASI: wasiOptions()})
	if err != nil {
		return 0, nil, nil, err
	}
	for _, mod := range mods {
		names = append(names, mod.Name)
		modules = append(modules, safejs.Unsafe(mod.Module.(*webengine.Module).Value))
	}
	id, err = register(p, len(mods))
	return id, names, modules, err
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
		return manifest.Decode(v, r.count)
	}
	if v := input.Get("json"); v != nil {
		return manifest.Parse([]byte(v.Text))
	}
	if v := input.Get("path"); v != nil {
		return &manifest.Manifest{Wasm: []manifest.Wasm{{Path: v.Text}}}, nil
	}
	if v := input.Get("url"); v != nil {
		response, err := r.request(v.Text, "", nil)
		if err != nil {
			return nil, err
		}
		return r.fromResponse(response)
	}
	source, _ := input.Get("source").Uint()
	n := int(source)
	if input.Get("kind").Text == "response" {
		response, err := r.response(n)
		if err != nil {
			return nil, err
		}
		return r.fromResponse(response)
	}
	return &manifest.Manifest{Wasm: []manifest.Wasm{{Source: &n}}}, nil
}

// fromResponse takes a response for a module or for a manifest, by its type.
func (r *request) fromResponse(response *webengine.Response) (*manifest.Manifest, error) {
	if err := checkStatus(response); err != nil {
		return nil, err
	}
	switch response.Type {
	case "application/wasm", "application/octet-stream", "":
		n := r.count
		r.count++
		return &manifest.Manifest{Wasm: []manifest.Wasm{{Source: &n}}}, r.sources.SetIndex(n, safejs.Unsafe(response.Value))
	case "application/json", "text/json":
		body, err := r.host.Body(response)
		if err != nil {
			return nil, err
		}
		text, err := r.host.Bytes(body)
		if err != nil {
			return nil, err
		}
		r.fetched = string(text)
		return manifest.Parse(text)
	}
	return nil, fault.New(fault.InvalidManifest, fmt.Sprintf(
		"%s: content type %q is neither WebAssembly (application/wasm, application/octet-stream) nor a manifest (application/json, text/json)",
		response.URL, response.Type))
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
			err = panicked(p)
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
	to.Module, err = r.load(w)
	if err != nil {
		err = fault.From(err).In(to.Name, "")
	}
	return err
}
