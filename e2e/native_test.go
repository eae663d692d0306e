package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/e2e/oracle"
	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasm"
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

// The oracle's cases have no host functions; these are the SDK's plug-ins that
// import some, with the answers that the SDK's own tests expect.
func TestHostFunctionsNatively(t *testing.T) {
	lib := corpusLibrary(t)
	i64 := []wasm.ValueType{wasm.I64}
	block := func(answer func(text string) string) wazeroengine.HostFunction {
		return wazeroengine.HostFunction{
			Type: wasm.FuncType{Params: i64, Results: i64},
			Call: func(_ context.Context, c *wazeroengine.CallContext, stack []uint64) (err error) {
				text := string(c.Read(stack[0]))
				c.Free(stack[0])
				stack[0], err = c.Store([]byte(answer(text)))
				return err
			},
		}
	}
	multiply := wazeroengine.HostFunction{
		Type: wasm.FuncType{Params: append(i64, i64...), Results: i64},
		Call: func(_ context.Context, _ *wazeroengine.CallContext, stack []uint64) error {
			stack[0] *= stack[1]
			return nil
		},
	}
	functions := map[string]map[string]wazeroengine.HostFunction{
		"host": {"to_upper": block(strings.ToUpper)},
		"extism:host/user": {
			"mult":              multiply,
			"hostGreenMessage":  block(func(s string) string { return "green: " + s }),
			"hostPurpleMessage": block(func(s string) string { return "purple: " + s }),
		},
	}
	for _, tc := range []struct{ file, function, input, want string }{
		{"host.wasm", "run_test", "", "42 x 2 = 84"},
		{"host_memory.wasm", "run_test", "Frodo", "HELLO FRODO!"},
		{"host_multiple.wasm", "say_green", "John", "green: 🫱 Hey from say_green John"},
		{"host_multiple.wasm", "say_purple", "John", "purple: 👋 Hello from say_purple John"},
	} {
		t.Run(tc.file+" "+tc.function, func(t *testing.T) {
			e, err := wazeroengine.New(t.Context(), wazeroengine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close(t.Context())
			data, err := os.ReadFile(lib[tc.file])
			if err != nil {
				t.Fatal(err)
			}
			p, err := e.NewPlugin(t.Context(), wazeroengine.Config{
				Modules:   [][]byte{data},
				Options:   &manifest.Options{UseWASI: true, LogLevel: manifest.LogOff},
				Functions: functions,
			})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				out, err := p.Call(t.Context(), tc.function, []byte(tc.input))
				if err != nil || string(out.Output) != tc.want {
					t.Errorf("%q, %v; want %q", out.Output, err, tc.want)
				}
			}
		})
	}
}
