package manifest

import (
	"strconv"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
	"github.com/extism-js/extism-js/internal/wasm"
)

// LogLevel is what a plug-in's log records are measured against; a record is
// passed on if its level is at least the plug-in's. The numbers are those of
// Extism's get_log_level.
type LogLevel int32

// The log levels. LogOff passes nothing on.
const (
	LogTrace LogLevel = iota
	LogDebug
	LogInfo
	LogWarn
	LogError
	LogOff LogLevel = 0x7fffffff
)

var logLevels = map[string]LogLevel{
	"trace": LogTrace, "debug": LogDebug, "info": LogInfo, "warn": LogWarn, "error": LogError, "silent": LogOff,
}

// ParseLogLevel is the inverse of [LogLevel.String]; ok is false for any other text.
func ParseLogLevel(s string) (l LogLevel, ok bool) {
	l, ok = logLevels[s]
	return l, ok
}

// String gives the level as options name it, or "unknown".
func (l LogLevel) String() string {
	for name, level := range logLevels {
		if level == l {
			return name
		}
	}
	return "unknown"
}

// Options is what a host says beside the manifest. Its limits override the
// manifest's where they are set.
type Options struct {
	Limits     Manifest // without Wasm
	UseWASI    bool
	WASIOutput bool
	LogLevel   LogLevel
	Functions  map[string]Functions // host functions by namespace
	// MaxModuleBytes is the most bytes that one module may have; nil: no limit.
	MaxModuleBytes *uint64
	// HTTPResponseHeaders says whether guests may read the headers of responses.
	HTTPResponseHeaders bool
	// Stoppable says whether a guest that does not end can be ended, with the worker
	// that it runs in. Without that there are no timeouts.
	Stoppable bool
	// HiddenRedirects says whether a browser may follow redirects, though it tells
	// nobody where they lead.
	HiddenRedirects bool
}

// CheckSize compares the size of a module with the limit. A module that was not
// read to its end, as it is too large, has a size of at least n bytes.
func (o *Options) CheckSize(n uint64) *fault.Error {
	if o.MaxModuleBytes == nil || n <= *o.MaxModuleBytes {
		return nil
	}
	return fault.New(fault.InvalidWasm, "the module is too large: it has at least "+strconv.FormatUint(n, 10)+
		" bytes, and maxModuleBytes is "+strconv.FormatUint(*o.MaxModuleBytes, 10))
}

var optionKeys = append([]string{"use_wasi", "enable_wasi_output", "log_level", "functions", "max_module_bytes",
	"allow_http_response_headers", "allow_hidden_redirects", "run_in_worker"}, limitKeys...)

// Functions are the host functions of a namespace by their names, each with its
// signature: nil if the host states none, and takes whatever a guest declares.
type Functions map[string]*wasm.FuncType

// DecodeOptions decodes options. The keys are those of the JavaScript API, but
// "functions" has no functions in it. A namespace is a list of their names, or an
// object with their signatures: {"f": {"params": ["i64"], "results": ["i64"]}}, of
// which any part may be left out, or null.
func DecodeOptions(v *jsontree.Value) (*Options, error) {
	o := &Options{LogLevel: LogOff, Functions: map[string]Functions{}}
	d := decoder{marks: true}
	d.members("options", v, optionKeys, func(key, path string, v *jsontree.Value) {
		switch key {
		case "use_wasi":
			o.UseWASI = d.flag(path, v)
		case "enable_wasi_output":
			o.WASIOutput = d.flag(path, v)
		case "log_level":
			o.LogLevel = d.logLevel(path, v)
		case "functions":
			for _, ns := range d.object(path, v) {
				o.Functions[ns.Name] = d.functions(path+"."+ns.Name, ns.Value)
				d.reserved(path+"."+ns.Name, ns.Name)
			}
		case "allow_http_response_headers":
			o.HTTPResponseHeaders = d.flag(path, v)
		case "allow_hidden_redirects":
			o.HiddenRedirects = d.flag(path, v)
		case "run_in_worker":
			o.Stoppable = d.flag(path, v)
		case "max_module_bytes":
			n := d.integer(path, v, maxInteger)
			o.MaxModuleBytes = &n
		default:
			d.limit(&o.Limits, key, path, v)
		}
	})
	if d.err != nil {
		e := fault.From(d.err)
		return nil, fault.New(fault.InvalidInput, e.Message)
	}
	return o, nil
}

func (d *decoder) functions(path string, v *jsontree.Value) Functions {
	list := Functions{}
	if v.Kind == jsontree.Object {
		for _, m := range v.Members {
			list[m.Name] = d.signature(path+"."+m.Name, m.Value)
		}
		return list
	}
	for _, name := range d.stringList(path, v) {
		list[name] = nil
	}
	return list
}

func (d *decoder) signature(path string, v *jsontree.Value) *wasm.FuncType {
	if v.Kind == jsontree.Null {
		return nil
	}
	t := &wasm.FuncType{}
	for _, m := range d.object(path, v) {
		at := path + "." + short(m.Name)
		switch {
		case m.Name != "params" && m.Name != "results":
			d.fail(at, "unknown key")
		case m.Value.Kind == jsontree.Null:
		case m.Name == "params":
			t.Params = d.valueTypes(at, m.Value)
		default:
			t.Results = d.valueTypes(at, m.Value)
		}
	}
	return t
}

func (d *decoder) valueTypes(path string, v *jsontree.Value) []wasm.ValueType {
	var types []wasm.ValueType
	for _, name := range d.stringList(path, v) {
		t, ok := wasm.ParseValueType(name)
		if !ok {
			d.fail(path, strconv.Quote(short(name)), " is no value type; i32, i64, f32, f64 and externref are possible")
		}
		types = append(types, t)
	}
	return types
}

func (d *decoder) flag(path string, v *jsontree.Value) bool {
	d.kind(path, v, jsontree.Bool)
	return v.Bool
}

func (d *decoder) logLevel(path string, v *jsontree.Value) LogLevel {
	text := d.text(path, v)
	level, ok := ParseLogLevel(text)
	if !ok {
		d.fail(path, `unrecognized log level "`, short(text), `"; expected one of "trace", "debug", "info", "warn", "error", "silent"`)
	}
	return level
}

// Override replaces m's limits by those of o that are set.
func (m *Manifest) Override(o *Manifest) {
	override(&m.Config, o.Config, o.Config != nil)
	override(&m.AllowedHosts, o.AllowedHosts, o.AllowedHosts != nil)
	override(&m.AllowedPaths, o.AllowedPaths, o.AllowedPaths != nil)
	override(&m.TimeoutMs, o.TimeoutMs, o.TimeoutMs != nil)
	override(&m.Memory.MaxPages, o.Memory.MaxPages, o.Memory.MaxPages != nil)
	override(&m.Memory.MaxHTTPResponseBytes, o.Memory.MaxHTTPResponseBytes, o.Memory.MaxHTTPResponseBytes != nil)
	override(&m.Memory.MaxVarBytes, o.Memory.MaxVarBytes, o.Memory.MaxVarBytes != nil)
}

func override[T any](to *T, from T, set bool) {
	if set {
		*to = from
	}
}
