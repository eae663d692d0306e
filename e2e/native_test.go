package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/e2e/oracle"
	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// The corpus on wazero shows what the state machine and the environment answer
// with no JavaScript around them: what fails here and in a page is their fault,
// what fails in a page alone is not.
func TestCorpusNatively(t *testing.T) {
	e, err := wazeroengine.New(t.Context(), wazeroengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	r := nativeRunner{t: t, engine: e, files: map[string][]byte{}}
	for file, path := range corpusLibrary(t) {
		if _, excluded := oracle.Excluded[file]; excluded {
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// Compiled once for all cases: the engine keeps the code while a module has it.
		if _, err := e.Compile(data); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		r.files[file] = data
	}
	var results []caseResult
	for _, c := range oracle.Cases() {
		results = append(results, r.run(c))
	}
	compare(t, results)
}

// nativeRunner is corpus.mjs in Go.
type nativeRunner struct {
	t      *testing.T
	engine *wazeroengine.Engine
	files  map[string][]byte
}

func (r *nativeRunner) run(c oracle.Case) caseResult {
	result := caseResult{Name: c.Name}
	var logs []oracle.Log
	p, err := r.engine.NewPlugin(r.t.Context(), r.config(c, &logs))
	if err != nil {
		result.Failure = describe(err)
		return result
	}
	defer func() {
		if err := p.Close(r.t.Context()); err != nil {
			r.t.Error(err)
		}
	}()
	for _, call := range c.Calls {
		logs = nil
		out, err := p.Call(r.t.Context(), call.Function, call.Input.Bytes())
		one := callResult{Logs: logs}
		if err != nil {
			one.Failure = describe(err)
		} else {
			sum := sha256.Sum256(out.Output)
			one.Length, one.SHA256 = len(out.Output), hex.EncodeToString(sum[:])
		}
		result.Calls = append(result.Calls, one)
	}
	return result
}

func (r *nativeRunner) config(c oracle.Case, logs *[]oracle.Log) wazeroengine.Config {
	config := wazeroengine.Config{
		Manifest: &manifest.Manifest{Config: c.Config},
		Options:  &manifest.Options{UseWASI: !c.NoWASI, LogLevel: manifest.LogOff},
	}
	for _, w := range c.Wasm {
		config.Manifest.Wasm = append(config.Manifest.Wasm, manifest.Wasm{Name: w.Name})
		config.Modules = append(config.Modules, r.files[w.File])
	}
	if c.Logs {
		config.Options.LogLevel = manifest.LogInfo
		config.Logger = func(level manifest.LogLevel, text string) error {
			*logs = append(*logs, oracle.Log{Level: level.String(), Text: strings.ToValidUTF8(text, "\ufffd")})
			return nil
		}
	}
	return config
}

// describe tells of an error what a program in JavaScript sees of it.
func describe(err error) *failure {
	e := fault.From(err)
	return &failure{Name: "ExtismError", Code: string(e.Code), Message: e.Message}
}
