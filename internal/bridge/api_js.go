//go:build js && wasm

package bridge

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
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

// create(n, sources, fetch, resolve, reject) links a plug-in in a goroutine of its
// own. The request is JSON, n bytes in the inbox. It calls resolve(id, json,
// names, modules...), with the text of a manifest that was fetched, the modules'
// names with zero bytes between them, and the modules, both in the manifest's
// order; or reject(error text as in encodeError, ticket).
func (c *control) create(_ safejs.Value, args []safejs.Value) any {
	if len(args) != 5 {
		return nil
	}
	n, err := args[0].Int()
	if err != nil {
		return nil
	}
	r := &request{control: c, sources: args[1], fetch: args[2]}
	text := bytes.Clone(inbox[:n])
	go func() {
		defer func() {
			if p := recover(); p != nil {
				r.reject(args[4], fault.New(fault.Internal, fmt.Sprintf("the core panicked: %v", p)))
			}
		}()
		id, mods, err := r.run(text)
		if err != nil {
			r.reject(args[4], err)
			return
		}
		r.resolve(args[3], id, mods)
	}()
	return nil
}

// request is one plug-in in the making.
type request struct {
	*control
	sources safejs.Value // an array: Uint8Array, Response and WebAssembly.Module objects
	kinds   []string     // of the sources: bytes, response or module
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

func (r *request) resolve(resolve safejs.Value, id int32, mods []plugin.Module) {
	names := make([]string, len(mods))
	args := []any{id, r.fetched, ""}
	for i, mod := range mods {
		names[i] = mod.Name
		args = append(args, safejs.Unsafe(mod.Module.(*webengine.Module).Value))
	}
	args[2] = strings.Join(names, "\x00")
	resolve.Invoke(args...)
}

func (r *request) run(text []byte) (id int32, mods []plugin.Module, err error) {
	tree, err := jsontree.Parse(text)
	if err != nil {
		return 0, nil, fault.Wrap(fault.InvalidInput, "manifest or options", err)
	}
	for _, kind := range tree.Get("sources").Items {
		r.kinds = append(r.kinds, kind.Text)
	}
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
		return manifest.Decode(v, len(r.kinds))
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
	if n < len(r.kinds) && r.kinds[n] == "response" {
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
		n := len(r.kinds)
		r.kinds = append(r.kinds, "response")
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
	to.Module, err = r.load(w)
	if err != nil {
		err = fault.From(err).In(to.Name, "")
	}
	return err
}
