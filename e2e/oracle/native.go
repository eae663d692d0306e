package oracle

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"

	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
	"github.com/extism-js/extism-js/internal/manifest"
)

// Native is corpus.mjs in Go: it runs cases on our own engine for wazero. What
// fails here and in a page is the state machine's fault or the environment's; what
// fails in a page alone is not.
type Native struct {
	engine *wazeroengine.Engine
	files  map[string][]byte
	lib    Library
}

// NewNative starts an engine; [Native.Close] ends it.
func NewNative(ctx context.Context, lib Library) (*Native, error) {
	e, err := wazeroengine.New(ctx, wazeroengine.Options{})
	if err != nil {
		return nil, err
	}
	return &Native{engine: e, files: map[string][]byte{}, lib: lib}, nil
}

// Close frees the compiled modules.
func (n *Native) Close(ctx context.Context) error { return n.engine.Close(ctx) }

// Run runs one case.
func (n *Native) Run(ctx context.Context, c Case) (Played, error) {
	played := Played{Name: c.Name}
	r := nativeRun{c: c}
	config, err := n.config(c, &r)
	if err != nil {
		return played, err
	}
	if config == nil {
		played.Failure = r.failure
		return played, nil
	}
	if r.plugin, err = n.engine.NewPlugin(ctx, *config); err != nil {
		played.Failure = describe(err)
		return played, nil
	}
	for _, call := range c.Calls {
		played.Calls = append(played.Calls, r.call(ctx, call))
	}
	return played, r.plugin.Close(ctx)
}

// file reads a module. It is compiled once for all cases: the engine keeps the
// code for as long as a module has it.
func (n *Native) file(name string) ([]byte, error) {
	if data := n.files[name]; data != nil {
		return data, nil
	}
	data, err := os.ReadFile(n.lib[name])
	if err != nil {
		return nil, err
	}
	if _, err := n.engine.Compile(data); err != nil {
		return nil, fmt.Errorf("oracle: %s: %w", name, err)
	}
	n.files[name] = data
	return data, nil
}

// config makes the configuration by way of JSON, as JavaScript does. It gives nil
// if the manifest is refused.
func (n *Native) config(c Case, r *nativeRun) (*wazeroengine.Config, error) {
	config := &wazeroengine.Config{
		Options:   &manifest.Options{UseWASI: !c.NoWASI, LogLevel: manifest.LogOff},
		Functions: nativeFunctions(r.inspect),
	}
	if c.Reply != nil {
		config.Client = &http.Client{Transport: c.Reply}
		config.Options.HTTPResponseHeaders = c.Reply.Shown
	}
	if c.LogLevel != "" {
		level, ok := manifest.ParseLogLevel(c.LogLevel)
		if !ok {
			return nil, fmt.Errorf("oracle: %s: no level %q", c.Name, c.LogLevel)
		}
		config.Options.LogLevel = level
		config.Logger = r.log
	}
	var list []map[string]any
	for i, w := range c.Wasm {
		data, err := n.file(w.File)
		if err != nil {
			return nil, err
		}
		config.Modules = append(config.Modules, data)
		item := map[string]any{"data": json.RawMessage(`{"\u0000":` + strconv.Itoa(i) + `}`)}
		if w.Name != "" {
			item["name"] = w.Name
		}
		if hash := w.hash(data); hash != "" {
			item["hash"] = hash
		}
		list = append(list, item)
	}
	text, err := json.Marshal(map[string]any{"wasm": list, "memory": c.Memory, "config": c.Config, "allowed_hosts": c.Hosts})
	if err != nil {
		return nil, err
	}
	tree, err := jsontree.Parse(text)
	if err != nil {
		return nil, err
	}
	if config.Manifest, err = manifest.Decode(tree, slices.Repeat([]string{"bytes"}, len(list))); err != nil {
		r.failure = describe(err)
		return nil, nil
	}
	return config, nil
}

// nativeRun is one case on its way.
type nativeRun struct {
	c       Case
	plugin  *wazeroengine.Plugin
	failure *Failure
	logs    []Log
	vars    map[string]string
}

func (r *nativeRun) call(ctx context.Context, call Call) Outcome {
	r.logs = nil
	out, err := r.plugin.Call(ctx, call.Function, call.Input.Bytes())
	one := Outcome{Logs: r.logs}
	if err != nil {
		one.Failure = describe(err)
	} else {
		sum := sha256.Sum256(out.Output)
		one.Length, one.SHA256, one.Output = len(out.Output), hex.EncodeToString(sum[:]), out.Output
	}
	if len(r.c.Vars) > 0 {
		r.vars = map[string]string{}
		if _, err := r.plugin.Call(ctx, "vars", nil); err != nil {
			r.vars["the call of vars"] = err.Error()
		}
		one.Vars = r.vars
	}
	return one
}

func (r *nativeRun) log(level manifest.LogLevel, text string) error {
	r.logs = append(r.logs, Log{Level: level.String(), Text: text})
	return nil
}

func (r *nativeRun) inspect(c *wazeroengine.CallContext) {
	for _, name := range r.c.Vars {
		if value, ok := c.Var(name); ok {
			r.vars[name] = base64.StdEncoding.EncodeToString(value)
		}
	}
}

// describe tells of an error what a program in JavaScript sees of it.
func describe(err error) *Failure {
	e := fault.From(err)
	return &Failure{Name: "ExtismError", Code: string(e.Code), Message: e.Message}
}
