// Package oracle says what plug-ins answer, by running them on Extism's Go SDK:
// an independent host on another WebAssembly engine. The same cases are then
// run on every JavaScript runtime and compared.
package oracle

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf8"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"
)

// Case is one plug-in and the calls made to it, one after the other. The JSON
// form is what the runner in JavaScript reads.
type Case struct {
	Name string `json:"name"`
	// Wasm are the modules of the manifest; the last is the main module.
	Wasm []Wasm `json:"wasm"`
	// WASI is on unless NoWASI is set: that is how plug-ins are mostly run.
	NoWASI bool              `json:"noWasi,omitempty"`
	Config map[string]string `json:"config,omitempty"`
	// Logs asks for the messages of the levels info, warn and error to be
	// compared as well.
	Logs  bool   `json:"logs,omitempty"`
	Calls []Call `json:"calls"`
}

// Wasm names a module's file in a [Library].
type Wasm struct {
	Name string `json:"name,omitempty"`
	File string `json:"file"`
}

// Call is one call of an exported function.
type Call struct {
	Function string `json:"function"`
	Input    Input  `json:"input"`
}

// Input describes the bytes that a call is given, so that 64 MiB of them need
// not be written down: Text repeated and cut off at Size bytes, or just Text if
// Size is zero.
type Input struct {
	Text string `json:"text"`
	Size int    `json:"size,omitempty"`
}

// MarshalJSON writes a text that is not UTF-8 as base64, which the runner in
// JavaScript tells by its prefix: JSON has no other way to carry it.
func (in Input) MarshalJSON() ([]byte, error) {
	type plain Input
	if !utf8.ValidString(in.Text) {
		in.Text = "base64:" + base64.StdEncoding.EncodeToString([]byte(in.Text))
	}
	return json.Marshal(plain(in))
}

// Bytes makes the input.
func (in Input) Bytes() []byte {
	if in.Size == 0 {
		return []byte(in.Text)
	}
	n := in.Size/len(in.Text) + 1
	return bytes.Repeat([]byte(in.Text), n)[:in.Size]
}

// Class is how a call ended.
type Class string

// The ways for a call to end. A plug-in that reports an error and returns a
// non-zero code is in class Error.
const (
	OK      Class = "ok"      // an output
	Error   Class = "error"   // the plug-in called error_set
	Exit    Class = "exit"    // a non-zero return value or proc_exit code
	Trap    Class = "trap"    // the engine stopped the plug-in
	Missing Class = "missing" // no such function
)

// Result is what came of one call.
type Result struct {
	Class  Class
	Length int    // of the output, in bytes
	SHA256 string // of the output, in hex
	Code   uint32 // the return value or exit code
	Text   string // of the error
	Logs   []Log
}

// Log is one message that a plug-in logged.
type Log struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Library maps the names of module files to their paths.
type Library map[string]string

// SDKLibrary finds the modules that the Go SDK ships for its tests.
func SDKLibrary() (Library, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	if err != nil {
		return nil, fmt.Errorf("oracle: finding go-sdk: %w", err)
	}
	lib := Library{}
	return lib, lib.Add(filepath.Join(strings.TrimSpace(string(out)), "wasm"))
}

// Add adds every module in dir, except those whose names are taken.
func (l Library) Add(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	if len(paths) == 0 {
		return fmt.Errorf("oracle: no modules in %s", dir)
	}
	for _, p := range paths {
		if _, taken := l[filepath.Base(p)]; !taken {
			l[filepath.Base(p)] = p
		}
	}
	return nil
}

// Runner runs cases. Modules are compiled once for all of them.
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

// Run runs one case and gives one result for each of its calls. Runs must not
// overlap: the SDK's log level is global.
func (r *Runner) Run(ctx context.Context, c Case) ([]Result, error) {
	manifest, err := r.manifest(c)
	if err != nil {
		return nil, fmt.Errorf("oracle: %s: %w", c.Name, err)
	}
	level := extism.LogLevelOff
	if c.Logs {
		level = extism.LogLevelInfo
	}
	extism.SetLogLevel(level)
	plugin, err := extism.NewPlugin(ctx, manifest, extism.PluginConfig{
		EnableWasi:    !c.NoWASI,
		RuntimeConfig: wazero.NewRuntimeConfig().WithCompilationCache(r.cache),
	}, nil)
	if err != nil {
		return nil, fmt.Errorf("oracle: %s: %w", c.Name, err)
	}
	defer plugin.Close(ctx)
	results := make([]Result, len(c.Calls))
	for i, call := range c.Calls {
		var logs []Log
		plugin.SetLogger(func(level extism.LogLevel, text string) {
			logs = append(logs, Log{strings.ToLower(level.String()), text})
		})
		results[i] = runCall(ctx, plugin, call)
		results[i].Logs = logs
	}
	return results, nil
}

func (r *Runner) manifest(c Case) (extism.Manifest, error) {
	m := extism.Manifest{
		Config: map[string]string{},
		// Not zero, which would disable vars: the SDK's defaults.
		Memory: &extism.ManifestMemory{MaxVarBytes: -1, MaxHttpResponseBytes: -1},
	}
	for k, v := range c.Config {
		m.Config[k] = v
	}
	for _, w := range c.Wasm {
		data, err := os.ReadFile(r.lib[w.File])
		if err != nil {
			return m, fmt.Errorf("module %q: %w", w.File, err)
		}
		m.Wasm = append(m.Wasm, extism.WasmData{Data: data, Name: w.Name})
	}
	return m, nil
}

func runCall(ctx context.Context, plugin *extism.Plugin, call Call) Result {
	if !plugin.FunctionExists(call.Function) {
		return Result{Class: Missing}
	}
	code, output, err := plugin.CallWithContext(ctx, call.Function, call.Input.Bytes())
	sum := sha256.Sum256(output)
	res := Result{Class: OK, Length: len(output), SHA256: hex.EncodeToString(sum[:]), Code: code}
	var exit *sys.ExitError
	switch {
	case errors.As(err, &exit):
		res.Class, res.Code = Exit, exit.ExitCode()
	case err != nil && plugin.GetErrorWithContext(ctx) == err.Error():
		res.Class = Error
	case err != nil:
		res.Class = Trap
	case code != 0:
		res.Class = Exit
	}
	if err != nil {
		res.Text = err.Error()
	}
	return res
}
