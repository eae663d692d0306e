package oracle

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"
)

// Runner runs cases on the Go SDK. Modules are compiled once for all of them.
type Runner struct {
	lib   Library
	cache wazero.CompilationCache
}

// NewRunner makes a runner; [Runner.Close] frees its compiled modules.
func NewRunner(lib Library) *Runner {
	return &Runner{lib: lib, cache: wazero.NewCompilationCache()}
}

// Close frees the compiled modules.
func (r *Runner) Close(ctx context.Context) error { return r.cache.Close(ctx) }

// Run runs one case. Runs must not overlap: the SDK's log level is global.
func (r *Runner) Run(ctx context.Context, c Case) (Answer, error) {
	p := &sdkPlugin{c: c}
	manifest, err := r.manifest(c)
	if err != nil {
		return Answer{}, fmt.Errorf("oracle: %s: %w", c.Name, err)
	}
	if p.other, err = r.otherExports(ctx, c); err != nil {
		return Answer{}, fmt.Errorf("oracle: %s: %w", c.Name, err)
	}
	// What it logs before there is a plug-in to set a logger for goes to the
	// standard error.
	extism.SetLogLevel(extism.LogLevelOff)
	if c.Reply != nil {
		http.DefaultClient.Transport = c.Reply // which the SDK takes
		defer func() { http.DefaultClient.Transport = nil }()
	}
	compiled, err := extism.NewCompiledPlugin(ctx, manifest, extism.PluginConfig{
		EnableWasi:                !c.NoWASI,
		RuntimeConfig:             wazero.NewRuntimeConfig().WithCompilationCache(r.cache),
		EnableHttpResponseHeaders: c.Reply != nil && c.Reply.Shown,
	}, sdkFunctions())
	if err != nil {
		return Answer{Failure: failureClass(err)}, nil
	}
	defer compiled.Close(ctx)
	p.compiled = compiled
	if err := p.instantiate(ctx); err != nil {
		return Answer{Failure: failureClass(err)}, nil
	}
	defer func() { p.Close(ctx) }()
	return p.run(ctx)
}

func (r *Runner) manifest(c Case) (extism.Manifest, error) {
	m := extism.Manifest{
		Config:       maps.Clone(c.Config),
		AllowedHosts: c.Hosts,
		// Not zero, which would disable vars: the SDK's defaults.
		Memory: &extism.ManifestMemory{MaxVarBytes: -1, MaxHttpResponseBytes: -1},
	}
	if n := c.Memory.MaxVarBytes; n != nil {
		m.Memory.MaxVarBytes = *n
	}
	if n := c.Memory.MaxPages; n != nil {
		m.Memory.MaxPages = *n
	}
	for _, w := range c.Wasm {
		data, err := os.ReadFile(r.lib[w.File])
		if err != nil {
			return m, fmt.Errorf("module %q: %w", w.File, err)
		}
		if w.From == "path" {
			m.Wasm = append(m.Wasm, extism.WasmFile{Path: r.lib[w.File], Name: w.Name, Hash: w.hash(data)})
		} else {
			m.Wasm = append(m.Wasm, extism.WasmData{Data: data, Name: w.Name, Hash: w.hash(data)})
		}
	}
	return m, nil
}

// otherExports names the main module's exports that are no functions. The SDK
// does not tell, so wazero has to.
func (r *Runner) otherExports(ctx context.Context, c Case) (map[string]bool, error) {
	asked := slices.ContainsFunc(c.Calls, func(c Call) bool { return c.Function == "memory" })
	if !asked {
		return nil, nil
	}
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	data, err := os.ReadFile(r.lib[c.Wasm[len(c.Wasm)-1].File])
	if err != nil {
		return nil, err
	}
	m, err := runtime.CompileModule(ctx, data)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for name := range m.ExportedMemories() {
		names[name] = true
	}
	return names, nil
}

func failureClass(err error) Class {
	for text, class := range map[string]Class{
		"module name collision":         Collision,
		"more than one main module":     Collision,
		"hash mismatch":                 BadHash,
		"not instantiated":              Import,
		"is not exported in module":     Import,
		"has already been instantiated": Collision,
	} {
		if strings.Contains(err.Error(), text) {
			return class
		}
	}
	return Failed
}

// sdkPlugin is a plug-in of the Go SDK.
type sdkPlugin struct {
	*extism.Plugin
	c        Case
	compiled *extism.CompiledPlugin
	other    map[string]bool // exports that are no functions
	logs     []Log
}

func (p *sdkPlugin) instantiate(ctx context.Context) error {
	extism.SetLogLevel(extism.LogLevelOff)
	plugin, err := p.compiled.Instance(ctx, extism.PluginInstanceConfig{})
	if err != nil {
		return err
	}
	plugin.SetLogger(func(level extism.LogLevel, text string) {
		if !ownMessage(text) {
			p.logs = append(p.logs, Log{strings.ToLower(level.String()), text})
		}
	})
	if p.Plugin != nil {
		plugin.Var = p.Plugin.Var
	}
	p.Plugin = plugin
	return nil
}

// ownMessage reports whether the SDK has logged something on its own account,
// which it does below the level info.
func ownMessage(text string) bool {
	return slices.ContainsFunc([]string{
		"Calling function : ", "Calling _initialize", "Calling __wasm_call_ctors",
		"Initializing runtime for ", "Initialized Haskell language runtime.",
	}, func(prefix string) bool { return strings.HasPrefix(text, prefix) })
}

var sdkLevels = map[string]extism.LogLevel{
	"": extism.LogLevelOff, "trace": extism.LogLevelTrace, "debug": extism.LogLevelDebug,
	"info": extism.LogLevelInfo, "warn": extism.LogLevelWarn, "error": extism.LogLevelError,
}

func (p *sdkPlugin) run(ctx context.Context) (Answer, error) {
	var a Answer
	for _, call := range p.c.Calls {
		p.logs = nil
		extism.SetLogLevel(sdkLevels[p.c.LogLevel])
		res, exited := p.call(ctx, call)
		res.Logs = p.logs
		for _, name := range p.c.Vars {
			if value, ok := p.Var[name]; ok {
				if res.Vars == nil {
					res.Vars = map[string]string{}
				}
				res.Vars[name] = base64.StdEncoding.EncodeToString(value)
			}
		}
		a.Results = append(a.Results, res)
		// wazero closes a module that exits, for good. Other hosts go on with a fresh
		// instance and the vars that there were.
		if exited {
			old := p.Plugin
			if err := p.instantiate(ctx); err != nil {
				return a, fmt.Errorf("oracle: %s: after an exit: %w", p.c.Name, err)
			}
			old.Close(ctx)
		}
	}
	return a, nil
}

func (p *sdkPlugin) call(ctx context.Context, call Call) (res Result, exited bool) {
	switch {
	case p.other[call.Function]:
		return Result{Class: NotFunction}, false
	case !p.FunctionExists(call.Function):
		return Result{Class: Missing}, false
	}
	code, output, err := p.CallWithContext(ctx, call.Function, call.Input.Bytes())
	res = Result{Class: OK, Output: output, Code: code}
	var exit *sys.ExitError
	switch {
	case errors.As(err, &exit):
		res.Class, res.Code, exited = Exit, exit.ExitCode(), true
	case err != nil && p.GetErrorWithContext(ctx) == err.Error():
		res.Class = Error
	case err != nil && strings.Contains(err.Error(), "Variable store is full"),
		err != nil && strings.Contains(err.Error(), "Vars are disabled"):
		res.Class = Vars
	case err != nil && strings.Contains(err.Error(), "HTTP request to "):
		res.Class = Denied
	case err != nil:
		res.Class = Trap
	case code != 0:
		res.Class = Exit
	}
	if err != nil {
		res.Text = err.Error()
	}
	return res, exited || p.closed(ctx)
}

// closed reports whether the main module has exited, also with 0, which is no
// error: there is no other sign of it than that it cannot be called.
func (p *sdkPlugin) closed(ctx context.Context) bool {
	_, _, err := p.CallWithContext(ctx, "", nil)
	return err != nil && err.Error() == "module is closed"
}
