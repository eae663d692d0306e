package manifest

import (
	"reflect"
	"testing"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
	"github.com/extism-js/extism-js/internal/wasm"
)

func decodeOptions(t *testing.T, text string) (*Options, error) {
	t.Helper()
	tree, err := jsontree.Parse([]byte(text))
	if err != nil {
		t.Fatalf("the test's own JSON: %v", err)
	}
	return DecodeOptions(tree)
}

func TestDecodeOptions(t *testing.T) {
	none := map[string]Functions{}
	for _, tt := range []struct {
		name, text string
		want       Options
	}{
		{"nothing", `{}`, Options{LogLevel: LogOff, Functions: none}},
		{"nulls", `{"useWasi": null, "logLevel": null, "functions": null, "config": null}`, Options{LogLevel: LogOff, Functions: none}},
		{"WASI", `{"useWasi": true, "enableWasiOutput": true}`, Options{UseWASI: true, WASIOutput: true, LogLevel: LogOff, Functions: none}},
		{"WASI, not", `{"useWasi": false, "enableWasiOutput": false}`, Options{LogLevel: LogOff, Functions: none}},
		{"trace", `{"logLevel": "trace"}`, Options{LogLevel: LogTrace, Functions: none}},
		{"debug", `{"logLevel": "debug"}`, Options{LogLevel: LogDebug, Functions: none}},
		{"info", `{"logLevel": "info"}`, Options{LogLevel: LogInfo, Functions: none}},
		{"warn", `{"logLevel": "warn"}`, Options{LogLevel: LogWarn, Functions: none}},
		{"error", `{"logLevel": "error"}`, Options{LogLevel: LogError, Functions: none}},
		{"silent", `{"logLevel": "silent"}`, Options{LogLevel: LogOff, Functions: none}},
		{"a worker", `{"runInWorker": true}`, Options{LogLevel: LogOff, Functions: none, Stoppable: true}},
		{"the size of modules", `{"maxModuleBytes": 1e6}`, Options{LogLevel: LogOff, Functions: none, MaxModuleBytes: ptr[uint64](1_000_000)}},
		{"no module at all", `{"maxModuleBytes": 0}`, Options{LogLevel: LogOff, Functions: none, MaxModuleBytes: ptr[uint64](0)}},
		{"functions", `{"functions": {"ns": ["a", "b"], "empty": [], "extism:host/user": ["c"]}}`,
			Options{LogLevel: LogOff, Functions: map[string]Functions{"ns": {"a": nil, "b": nil}, "empty": {}, "extism:host/user": {"c": nil}}}},
		{"functions with signatures", `{"functions": {"ns": {"f": {"params": ["i64", "externref"], "results": ["f32"]}, "g": {}, "h": null}, "other": ["f"]}}`,
			Options{LogLevel: LogOff, Functions: map[string]Functions{
				"ns": {
					"f": {Params: []wasm.ValueType{wasm.I64, wasm.ExternRef}, Results: []wasm.ValueType{wasm.F32}},
					"g": {}, "h": nil,
				},
				"other": {"f": nil},
			}}},
		{"limits", `{"timeoutMs": 0, "allowedHosts": [], "config": {}, "memory": {"maxPages": 0}}`,
			Options{LogLevel: LogOff, Functions: none, Limits: Manifest{
				TimeoutMs: ptr[uint32](0), AllowedHosts: []string{}, Config: map[string]string{}, Memory: Memory{MaxPages: ptr[uint32](0)},
			}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeOptions(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*got, tt.want) {
				t.Errorf("got  %+v\nwant %+v", *got, tt.want)
			}
		})
	}
}

func TestDecodeOptionsRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no object", `"useWasi"`, "options: object expected, not string"},
		{"an unknown key", `{"useWasm": true}`, "options.useWasm: unknown key"},
		{"a manifest's key", `{"wasm": []}`, "options.wasm: unknown key"},
		{"two spellings", `{"useWasi": true, "use_wasi": true}`, "options.use_wasi: given twice"},
		{"a flag that is a number", `{"useWasi": 1}`, "options.useWasi: boolean expected, not number"},
		{"a flag that is text", `{"enableWasiOutput": "true"}`, "options.enableWasiOutput: boolean expected, not string"},
		{"an unknown level", `{"logLevel": "verbose"}`, `options.logLevel: unrecognized log level "verbose"; expected one of "trace", "debug", "info", "warn", "error", "silent"`},
		{"a level in capitals", `{"logLevel": "INFO"}`, `unrecognized log level "INFO"; expected one of`},
		{"a level that is a number", `{"logLevel": 2}`, "options.logLevel: string expected, not number"},
		{"functions that are a list", `{"functions": ["f"]}`, "options.functions: object expected, not array"},
		{"a namespace that is a number", `{"functions": {"ns": 1}}`, "options.functions.ns: array expected, not number"},
		{"a signature that is a number", `{"functions": {"ns": {"f": 1}}}`, "options.functions.ns.f: object expected, not number"},
		{"a signature with more", `{"functions": {"ns": {"f": {"locals": []}}}}`, "options.functions.ns.f.locals: unknown key"},
		{"parameters that are no list", `{"functions": {"ns": {"f": {"params": "i64"}}}}`, "options.functions.ns.f.params: array expected, not string"},
		{"a type that there is not", `{"functions": {"ns": {"f": {"results": ["i32", "ref"]}}}}`, `options.functions.ns.f.results: "ref" is no value type`},
		{"a function without a name", `{"functions": {"ns": [1]}}`, "options.functions.ns[0]: string expected, not number"},
		{"the environment's namespace", `{"functions": {"extism:host/env": []}}`, `options.functions.extism:host/env: module name collision: "extism:host/env" is reserved`},
		{"WASI's namespace", `{"functions": {"wasi_snapshot_preview1": []}}`, `module name collision: "wasi_snapshot_preview1" is reserved`},
		{"a null of an unknown key", `{"useWasm": null}`, "options.useWasm: unknown key"},
		{"a limit that is no number at all", `{"timeoutMs": {"\u0000": "NaN"}}`, "options.timeoutMs: number expected, not NaN"},
		{"a size that is negative", `{"maxModuleBytes": -1}`, "options.maxModuleBytes: an integer from 0 to 9007199254740991 expected, not -1"},
		{"a limit of the wrong type", `{"memory": {"maxPages": "1"}}`, "options.memory.maxPages: number expected, not string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, err := decodeOptions(t, tt.text)
			wantError(t, err, fault.InvalidInput, tt.want)
			if o != nil {
				t.Errorf("options beside the error: %+v", o)
			}
		})
	}
}

// TestOverride: what the options set replaces what the manifest says as a whole,
// even by nothing or zero; what they do not set stays.
func TestOverride(t *testing.T) {
	full := func() Manifest {
		return Manifest{
			Wasm:         []Wasm{{URL: "u"}},
			Config:       map[string]string{"a": "1", "b": "2"},
			AllowedHosts: []string{"h"},
			AllowedPaths: map[string]string{"/p": "/q"},
			TimeoutMs:    ptr[uint32](1),
			Memory:       Memory{ptr[uint32](2), ptr[uint64](3), ptr[uint64](4)},
		}
	}
	for _, tt := range []struct {
		name   string
		limits Manifest
		change func(*Manifest) // of what the manifest says
	}{
		{"nothing set", Manifest{}, func(*Manifest) {}},
		{"modules are not options", Manifest{Wasm: []Wasm{{Path: "p"}}}, func(*Manifest) {}},
		{"config is replaced, not merged", Manifest{Config: map[string]string{"c": "3"}}, func(m *Manifest) { m.Config = map[string]string{"c": "3"} }},
		{"config by an empty one", Manifest{Config: map[string]string{}}, func(m *Manifest) { m.Config = map[string]string{} }},
		{"hosts by none", Manifest{AllowedHosts: []string{}}, func(m *Manifest) { m.AllowedHosts = []string{} }},
		{"paths by none", Manifest{AllowedPaths: map[string]string{}}, func(m *Manifest) { m.AllowedPaths = map[string]string{} }},
		{"the timeout by zero", Manifest{TimeoutMs: ptr[uint32](0)}, func(m *Manifest) { m.TimeoutMs = ptr[uint32](0) }},
		{"one memory limit, the others stay", Manifest{Memory: Memory{MaxPages: ptr[uint32](0)}}, func(m *Manifest) { m.Memory.MaxPages = ptr[uint32](0) }},
		{"HTTP's limit", Manifest{Memory: Memory{MaxHTTPResponseBytes: ptr[uint64](9)}}, func(m *Manifest) { m.Memory.MaxHTTPResponseBytes = ptr[uint64](9) }},
		{"the vars' limit", Manifest{Memory: Memory{MaxVarBytes: ptr[uint64](0)}}, func(m *Manifest) { m.Memory.MaxVarBytes = ptr[uint64](0) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, want := full(), full()
			got.Override(&tt.limits)
			tt.change(&want)
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// TestCheckSize: unset is not zero, and a module of just the limit is fine.
func TestCheckSize(t *testing.T) {
	for _, tt := range []struct {
		limit *uint64
		size  uint64
		ok    bool
	}{
		{nil, 1 << 40, true}, {ptr[uint64](0), 0, true}, {ptr[uint64](0), 1, false},
		{ptr[uint64](8), 8, true}, {ptr[uint64](8), 9, false},
	} {
		o := Options{MaxModuleBytes: tt.limit}
		err := o.CheckSize(tt.size)
		if (err == nil) != tt.ok {
			t.Errorf("%d bytes: %v", tt.size, err)
		}
		if err != nil {
			wantError(t, err, fault.InvalidWasm, "too large")
		}
	}
}
