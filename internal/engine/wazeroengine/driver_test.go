package wazeroengine

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasi"
	"github.com/extism-js/extism-js/internal/wasm"
	"github.com/extism-js/extism-js/internal/wattest"
)

// The guests in testdata are what the texts beside them assemble to.
func TestGuestsAreAssembled(t *testing.T) {
	sources, err := filepath.Glob("testdata/*.wat")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		wattest.Committed(t, source)
	}
}

func guest(t *testing.T, name string) []byte {
	t.Helper()
	return wattest.Read(t, filepath.Join("testdata", name+".wasm"))
}

// newPlugin makes a plug-in of the named guests, the last of them the main module,
// with WASI and what configure adds.
func newPlugin(t *testing.T, e *Engine, configure func(c *Config), guests ...string) (*Plugin, error) {
	t.Helper()
	c := Config{
		Manifest: &manifest.Manifest{},
		Options:  &manifest.Options{UseWASI: true, LogLevel: manifest.LogOff},
	}
	for _, name := range guests {
		c.Modules = append(c.Modules, guest(t, name))
		c.Manifest.Wasm = append(c.Manifest.Wasm, manifest.Wasm{Name: name})
	}
	if configure != nil {
		configure(&c)
	}
	p, err := e.NewPlugin(t.Context(), c)
	if err == nil {
		t.Cleanup(func() { p.Close(context.Background()) })
	}
	return p, err
}

func mustPlugin(t *testing.T, configure func(c *Config), guests ...string) *Plugin {
	t.Helper()
	p, err := newPlugin(t, newEngine(t, Options{}), configure, guests...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// aCall is a call and what is to come of it. A want of "-" is no output at all.
type aCall struct {
	function, input, want string
	code                  fault.Code
	message               string // that the error's has in it
}

func ok(function, input, want string) aCall {
	return aCall{function: function, input: input, want: want}
}

func fails(function string, code fault.Code, message string) aCall {
	return aCall{function: function, code: code, message: message}
}

func (c aCall) run(t *testing.T, p *Plugin) {
	t.Helper()
	r, err := p.Call(t.Context(), c.function, []byte(c.input))
	if c.code != "" {
		checkFault(t, c.function, err, c.code, c.message)
		return
	}
	if err != nil {
		t.Errorf("%s: %v", c.function, err)
		return
	}
	if got := string(r.Output); r.Set == (c.want == "-") || r.Set && got != c.want {
		t.Errorf("%s: %q, set %t; want %q", c.function, got, r.Set, c.want)
	}
}

func checkFault(t *testing.T, what string, err error, code fault.Code, message string) {
	t.Helper()
	f, ok := err.(*fault.Error)
	if !ok || f.Code != code || !strings.Contains(f.Message, message) {
		t.Errorf("%s: %v (%T); want %s with %q", what, err, err, code, message)
	}
}

func TestCalls(t *testing.T) {
	for _, tc := range []struct {
		name  string
		calls []aCall
	}{
		{"outputs", []aCall{
			ok("echo", "hello", "hello"), ok("noop", "hello", "-"), ok("echo", "", "-"), ok("echo", "a\x00\xff", "a\x00\xff"),
		}},
		{"instances live on", []aCall{ok("count", "", "1"), ok("count", "", "2"), ok("count", "", "3")}},
		{"a trap: a fresh instance, the same vars", []aCall{
			ok("set", "kept", "-"), ok("count", "", "1"), ok("count", "", "2"),
			fails("trap", fault.Trap, `function "trap" trapped: unreachable`),
			ok("count", "", "1"), ok("get", "", "kept"), ok("count", "", "2"),
		}},
		{"what is found before the guest runs costs no instance", []aCall{
			ok("count", "", "1"),
			fails("nope", fault.FunctionNotFound, `function "nope" does not exist`),
			fails("a global", fault.NotAFunction, `export "a global" is not a function`),
			ok("count", "", "2"),
		}},
		{"the guest's stack", []aCall{
			fails("overflow", fault.Trap, "stack overflow"), ok("count", "", "1"),
		}},
		{"errors and codes", []aCall{
			ok("count", "", "1"),
			fails("complain and return", fault.PluginError, "no good"),
			fails("complain and return 0", fault.PluginError, "no good"),
			fails("complain and return 1", fault.PluginError, "no good"),
			fails("complain and return 7", fault.PluginError, "no good (code 7)"),
			fails("return 7", fault.NonZeroExit, "code 7"),
			ok("return 2^32", "", "-"),
			fails("return 2^32 - 1", fault.NonZeroExit, "code -1"),
			fails("return 2.9", fault.NonZeroExit, "code 2"),
			ok("return -0.5", "", "-"), ok("return NaN", "", "-"), ok("return 7 and 8", "", "-"), ok("return parameters", "", "-"),
			ok("count", "", "2"), // none of these is a trap
			fails("complain and trap", fault.PluginError, "no good"),
			ok("count", "", "1"),
		}},
		{"an error is not left to the next call", []aCall{
			fails("complain and return 1", fault.PluginError, "no good"),
			fails("return 7", fault.NonZeroExit, "code 7"),
			fails("trap", fault.Trap, "unreachable"),
		}},
		{"proc_exit", []aCall{
			ok("count", "", "1"), ok("exit 0", "", "5"), ok("count", "", "1"),
			fails("exit 3", fault.NonZeroExit, "code 3"),
			fails("complain and exit 3", fault.PluginError, "no good (code 3)"),
			fails("trap", fault.Trap, "unreachable"),
		}},
		{"vars", []aCall{
			ok("get", "", "-"), ok("set", "a", "-"), ok("get", "", "a"),
			ok("set", "longer", "-"), ok("get", "", "longer"), ok("delete", "", "-"), ok("get", "", "-"),
		}},
		{"config", []aCall{ok("config", "", "of the manifest")}},
		{"HTTP", []aCall{
			fails("http", fault.Unsupported, "HTTP is not supported"), ok("http rest", "", "0"),
		}},
		{"log level", []aCall{fails("log level", fault.NonZeroExit, fmt.Sprint("code ", int32(manifest.LogOff)))}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := mustPlugin(t, func(c *Config) {
				c.Manifest.Config = map[string]string{"key": "of the manifest"}
			}, "guest")
			for _, c := range tc.calls {
				c.run(t, p)
			}
		})
	}
}

func TestInitialisers(t *testing.T) {
	for _, tc := range []struct {
		guest string
		calls []aCall
	}{
		{"reactor", []aCall{
			ok("order", "", "hi\x00\x00\x00\x00\x00\x00"),
			fails("trap", fault.Trap, ""), ok("order", "", "hi\x00\x00\x00\x00\x00\x00"),
			ok("_start", "", "-"), ok("order", "", "hi\x00\x00\x00\x00\x00\x00"),
		}},
		{"library", []aCall{ok("order", "", "c\x00\x00\x00\x00\x00\x00\x00")}},
		// _start runs before another function, and once in an instance's life.
		{"command", []aCall{
			ok("order", "", "s\x00\x00\x00\x00\x00\x00\x00"), ok("order", "", "s\x00\x00\x00\x00\x00\x00\x00"),
			fails("trap", fault.Trap, ""), ok("order", "", "s\x00\x00\x00\x00\x00\x00\x00"),
			ok("_start", "", "-"), ok("_start", "", "-"), ok("order", "", "s\x00\x00\x00\x00\x00\x00\x00"),
		}},
	} {
		t.Run(tc.guest, func(t *testing.T) {
			p := mustPlugin(t, nil, tc.guest)
			for _, c := range tc.calls {
				c.run(t, p)
			}
		})
	}
}

func TestSideModules(t *testing.T) {
	p := mustPlugin(t, nil, "side", "main")
	for _, c := range []aCall{
		fails("count", fault.NonZeroExit, "code 11"), fails("count", fault.NonZeroExit, "code 12"),
		// Both are replaced, and the command has run again.
		fails("trap", fault.Trap, "unreachable"), fails("count", fault.NonZeroExit, "code 11"),
		fails("_start", fault.FunctionNotFound, ""),
	} {
		c.run(t, p)
	}
}

func TestNotCreated(t *testing.T) {
	none := func(*Config) {}
	noWASI := func(c *Config) { c.Options.UseWASI = false }
	for _, tc := range []struct {
		name      string
		configure func(c *Config)
		guests    []string
		code      fault.Code
		message   string
	}{
		{"no modules", none, nil, fault.InvalidInput, "0 modules"},
		{"more modules than the manifest has", func(c *Config) { c.Modules = append(c.Modules, nil) }, []string{"side"}, fault.InvalidInput, "2 modules for a manifest that lists 1"},
		{"no WebAssembly", func(c *Config) { c.Modules[0] = []byte("GIF89a") }, []string{"side"}, fault.InvalidWasm, "compiling the module"},
		{"invalid WebAssembly", func(c *Config) { c.Modules[0] = c.Modules[0][:len(c.Modules[0])-1] }, []string{"side"}, fault.InvalidWasm, "compiling the module"},
		{"another hash", func(c *Config) { c.Manifest.Wasm[0].Hash = strings.Repeat("0", 64) }, []string{"side"}, fault.HashMismatch, "Expected: 0000"},
		{"an import that is not there", none, []string{"main"}, fault.UnresolvedImport, `"side" "count"`},
		{"WASI that is off", noWASI, []string{"guest"}, fault.UnresolvedImport, "WASI is not enabled"},
		{"a reserved namespace", func(c *Config) {
			c.Functions = map[string]map[string]HostFunction{"wasi_snapshot_preview1": {}}
		}, []string{"side"}, fault.InvalidInput, `"wasi_snapshot_preview1" is reserved`},
		{"a host function that takes references", func(c *Config) {
			c.Functions = map[string]map[string]HostFunction{"user": {"f": {Type: wasm.FuncType{Params: []wasm.ValueType{wasm.ExternRef}}}}}
		}, []string{"side"}, fault.InvalidInput, "user.f: externref is no number"},
		{"a host function of another signature", func(c *Config) {
			c.Functions = map[string]map[string]HostFunction{"user": {"fail": {Type: wasm.FuncType{Results: []wasm.ValueType{wasm.I32}}}}}
		}, []string{"host_start"}, fault.UnresolvedImport, "imported as (func); offered as (func (result i32))"},
		{"a start function that traps", none, []string{"start_traps"}, fault.Instantiation, "unreachable"},
		{"a limit that cannot be kept", func(c *Config) { c.Manifest.TimeoutMs = new(uint32(1)) }, []string{"side"}, fault.Unsupported, "timeoutMs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEngine(t, Options{})
			_, err := newPlugin(t, e, tc.configure, tc.guests...)
			checkFault(t, "NewPlugin", err, tc.code, tc.message)
			if len(e.kernels)+len(e.wasis) != 0 {
				t.Errorf("%d kernels and %d adapters are left", len(e.kernels), len(e.wasis))
			}
		})
	}
}

func TestHash(t *testing.T) {
	mustPlugin(t, func(c *Config) {
		c.Manifest.Wasm[0].Hash = fmt.Sprintf("%x", sha256.Sum256(c.Modules[0]))
	}, "side")
}

func TestMemoryLimit(t *testing.T) {
	p := mustPlugin(t, func(c *Config) { c.Manifest.Memory.MaxPages = new(uint32(2)) }, "guest")
	fit := strings.Repeat("x", 100_000)
	ok("echo", fit, fit).run(t, p)
	ok("count", "", "1").run(t, p)
	aCall{function: "echo", input: strings.Repeat("x", 140_000), code: fault.OutOfMemory, message: "140000 bytes of input"}.run(t, p)
	ok("count", "", "2").run(t, p)
}

func TestVarsLimit(t *testing.T) {
	for _, tc := range []struct {
		name  string
		limit *uint64
		calls []aCall
	}{
		{"unset is a mebibyte", nil, []aCall{
			ok("set", strings.Repeat("x", 1<<20-3), "-"),
			{function: "set", input: strings.Repeat("x", 1<<20-2), code: fault.VarsFull, message: "1048577 bytes requested, 1048576 allowed"},
		}},
		{"zero is off", new(uint64(0)), []aCall{
			{function: "set", input: "a", code: fault.VarsFull, message: "disabled"}, ok("get", "", "-"),
		}},
		{"key and value count", new(uint64(8)), []aCall{
			ok("set", "12345", "-"), {function: "set", input: "123456", code: fault.VarsFull, message: "9 bytes requested, 8 allowed"}, ok("get", "", "12345"),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := mustPlugin(t, func(c *Config) { c.Manifest.Memory.MaxVarBytes = tc.limit }, "guest")
			for _, c := range tc.calls {
				c.run(t, p)
			}
		})
	}
}

// recorder is a logger that writes down what it gets.
type recorder struct{ lines []string }

func (r *recorder) log(level manifest.LogLevel, text string) error {
	r.lines = append(r.lines, level.String()+": "+text)
	return nil
}

func TestLogLevels(t *testing.T) {
	all := []string{"trace: key", "debug: key", "info: key", "warn: key", "error: key"}
	for _, tc := range []struct {
		level manifest.LogLevel
		want  []string
	}{
		{manifest.LogTrace, all}, {manifest.LogInfo, all[2:]}, {manifest.LogError, all[4:]}, {manifest.LogOff, nil},
	} {
		t.Run(tc.level.String(), func(t *testing.T) {
			var r recorder
			p := mustPlugin(t, func(c *Config) { c.Options.LogLevel, c.Logger = tc.level, r.log }, "guest")
			ok("log", "", "-").run(t, p)
			if !slices.Equal(r.lines, tc.want) {
				t.Errorf("got %q, want %q", r.lines, tc.want)
			}
		})
	}
	t.Run("no logger", func(t *testing.T) {
		p := mustPlugin(t, func(c *Config) { c.Options.LogLevel = manifest.LogTrace }, "guest")
		ok("log", "", "-").run(t, p)
	})
}

func TestOutput(t *testing.T) {
	var r recorder
	capture := func(c *Config) { c.Options.WASIOutput, c.Logger = true, r.log }
	t.Run("off", func(t *testing.T) {
		p := mustPlugin(t, func(c *Config) { c.Logger = r.log }, "guest")
		ok("print", "", "-").run(t, p)
		if len(r.lines) != 0 {
			t.Errorf("got %q", r.lines)
		}
	})
	t.Run("to the logger, unfinished lines too", func(t *testing.T) {
		p := mustPlugin(t, capture, "guest")
		ok("print", "", "-").run(t, p)
		fails("print and trap", fault.Trap, "").run(t, p)
		if want := []string{"info: one", "info: two", "error: one", "error: two"}; !slices.Equal(r.lines, want) {
			t.Errorf("got %q, want %q", r.lines, want)
		}
	})
	t.Run("to its own function", func(t *testing.T) {
		var got []string
		p := mustPlugin(t, func(c *Config) {
			capture(c)
			c.Output = func(fd uint32, line []byte) error {
				got = append(got, fmt.Sprintf("%d %s", fd, line))
				return nil
			}
		}, "guest")
		ok("print", "", "-").run(t, p)
		if want := []string{"1 one", "1 two"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
	t.Run("its error reaches the caller", func(t *testing.T) {
		for _, bad := range []string{"one", "two"} { // inside the guest's call, and when it has returned
			mine := errors.New("mine")
			p := mustPlugin(t, func(c *Config) {
				capture(c)
				c.Output = func(_ uint32, line []byte) error {
					if string(line) == bad {
						return mine
					}
					return nil
				}
			}, "guest")
			if _, err := p.Call(t.Context(), "print", nil); err != mine {
				t.Errorf("%s: %v", bad, err)
			}
			ok("count", "", "1").run(t, p)
		}
	})
}

func TestLoggerErrors(t *testing.T) {
	mine := errors.New("mine")
	for name, logger := range map[string]func(manifest.LogLevel, string) error{
		"error": func(manifest.LogLevel, string) error { return mine },
		"panic": func(manifest.LogLevel, string) error { panic(mine) },
	} {
		t.Run(name, func(t *testing.T) {
			calls := 0
			p := mustPlugin(t, func(c *Config) {
				c.Options.LogLevel = manifest.LogWarn
				c.Logger = func(l manifest.LogLevel, s string) error { calls++; return logger(l, s) }
			}, "guest")
			ok("count", "", "1").run(t, p)
			_, err := p.Call(t.Context(), "log", nil)
			if name == "error" && err != mine || !errors.Is(err, mine) || calls != 1 {
				t.Errorf("%v after %d calls", err, calls)
			}
			ok("count", "", "1").run(t, p)
		})
	}
}

// userFunctions are those that the guest host.wasm imports.
func userFunctions(fail func(c *CallContext) error) map[string]map[string]HostFunction {
	return map[string]map[string]HostFunction{"user": {
		"text": {
			Type: wasm.FuncType{Params: []wasm.ValueType{wasm.I64}, Results: []wasm.ValueType{wasm.I64}},
			Call: func(_ context.Context, c *CallContext, stack []uint64) error {
				off, err := c.Store(bytes.ToUpper(c.Read(stack[0])))
				c.SetVar("last", c.Read(off))
				stack[0] = off
				return err
			},
		},
		"numbers": {
			Type: wasm.FuncType{Params: []wasm.ValueType{wasm.I32, wasm.F64, wasm.F32}, Results: []wasm.ValueType{wasm.F64}},
			Call: func(_ context.Context, _ *CallContext, stack []uint64) error {
				if stack[0]>>32 != 0 {
					return errors.New("an i32 with something in its upper half")
				}
				sum := float64(int32(stack[0])) + api.DecodeF64(stack[1]) + float64(api.DecodeF32(stack[2]))
				stack[0] = api.EncodeF64(sum + 6)
				return nil
			},
		},
		"fail": {Call: func(_ context.Context, c *CallContext, _ []uint64) error { return fail(c) }},
	}}
}

func TestHostFunctions(t *testing.T) {
	mine := errors.New("mine")
	fail := func(*CallContext) error { return nil }
	p := mustPlugin(t, func(c *Config) {
		c.Functions = userFunctions(func(c *CallContext) error { return fail(c) })
	}, "host")
	ok("text", "shout", "SHOUT").run(t, p)
	fails("numbers", fault.NonZeroExit, "code 6").run(t, p)
	ok("fail", "", "-").run(t, p)
	for _, tc := range []struct {
		name string
		f    func(*CallContext) error
		is   error
	}{
		{"an error", func(*CallContext) error { return mine }, mine},
		{"a panic with an error", func(*CallContext) error { panic(mine) }, nil},
		{"a fault is handed on as it is", func(*CallContext) error { return errFault }, errFault},
	} {
		fail = tc.f
		_, err := p.Call(t.Context(), "fail", nil)
		if tc.is != nil && err != tc.is || tc.is == nil && !errors.Is(err, mine) {
			t.Errorf("%s: %v", tc.name, err)
		}
		ok("text", "again", "AGAIN").run(t, p)
	}
	fail = func(*CallContext) error { panic("mine") }
	if _, err := p.Call(t.Context(), "fail", nil); err == nil || err.Error() != "host function user.fail panicked: mine" {
		t.Errorf("a panic with a text: %v", err)
	}
}

var errFault = fault.New(fault.Trap, "no trap")

func TestCallContext(t *testing.T) {
	p := mustPlugin(t, func(c *Config) {
		c.Manifest.Memory.MaxPages = new(uint32(4))
		c.Manifest.Memory.MaxVarBytes = new(uint64(8))
		c.Functions = userFunctions(func(c *CallContext) error {
			off := c.Alloc(5)
			if off == 0 || c.Length(off) != 5 || len(c.Read(off)) != 5 {
				t.Errorf("block of %d bytes at %d", c.Length(off), off)
			}
			c.Free(off)
			for _, none := range []uint64{0, off, 1 << 32, off | 1<<32, math.MaxUint64} {
				c.Free(none)
				if c.Length(none) != 0 || c.Read(none) != nil {
					t.Errorf("there is a block at %d", none)
				}
			}
			if c.Alloc(0) != 0 || c.Alloc(1<<20) != 0 || c.Alloc(1<<32+5) != 0 {
				t.Error("a block where there is no room")
			}
			_, err := c.Store(make([]byte, 1<<20))
			checkFault(t, "Store", err, fault.OutOfMemory, "1048576 bytes")
			if _, ok := c.Var("k"); ok {
				t.Error("there is a var")
			}
			if err := c.SetVar("k", []byte("v")); err != nil {
				t.Error(err)
			}
			checkFault(t, "SetVar", c.SetVar("k", []byte("12345678")), fault.VarsFull, "9 bytes requested, 8 allowed")
			if v, ok := c.Var("k"); !ok || string(v) != "v" {
				t.Errorf("the var is %q", v)
			}
			c.DeleteVar("k")
			if _, ok := c.Var("k"); ok {
				t.Error("the var is still there")
			}
			return errors.Join(c.SetError("first"), c.SetError(""), c.SetError("second"))
		})
	}, "host")
	fails("fail", fault.PluginError, "second").run(t, p)
}

func TestErrorsWhileBeingCreated(t *testing.T) {
	mine := errors.New("mine")
	_, err := newPlugin(t, newEngine(t, Options{}), func(c *Config) {
		c.Functions = userFunctions(func(*CallContext) error { return mine })
	}, "host_start")
	if err != mine {
		t.Errorf("got %v", err)
	}
}

func TestReentrance(t *testing.T) {
	var p *Plugin
	var nested, closing error
	p = mustPlugin(t, func(c *Config) {
		c.Functions = userFunctions(func(*CallContext) error {
			_, nested = p.Call(t.Context(), "text", []byte("nested"))
			closing = p.Close(t.Context())
			return nil
		})
	}, "host")
	ok("fail", "", "-").run(t, p)
	checkFault(t, "nested call", nested, fault.Busy, `inside a call of "fail"`)
	checkFault(t, "close", closing, fault.Busy, "cannot be closed")
	ok("text", "later", "LATER").run(t, p)
}

// A plug-in may call another one of the same engine from a host function.
func TestPluginsCallEachOther(t *testing.T) {
	e := newEngine(t, Options{})
	inner, err := newPlugin(t, e, nil, "guest")
	if err != nil {
		t.Fatal(err)
	}
	outer, err := newPlugin(t, e, func(c *Config) {
		c.Functions = userFunctions(func(*CallContext) error {
			ok("set", "inner", "-").run(t, inner)
			ok("get", "", "inner").run(t, inner)
			fails("trap", fault.Trap, "").run(t, inner)
			return nil
		})
	}, "host")
	if err != nil {
		t.Fatal(err)
	}
	ok("fail", "", "-").run(t, outer)
	ok("text", "outer", "OUTER").run(t, outer)
}

// A panic in our own functions stops the guest and leaves the engine usable.
func TestPanicsInTheEnvironment(t *testing.T) {
	p := mustPlugin(t, func(c *Config) {
		c.WASI = wasi.Options{Random: func([]byte) { panic("no randomness") }}
	}, "guest")
	ok("count", "", "1").run(t, p)
	fails("random", fault.Internal, "no randomness").run(t, p)
	ok("count", "", "1").run(t, p)
	ok("get", "", "-").run(t, p)
}

func TestRandomAndClocks(t *testing.T) {
	p := mustPlugin(t, nil, "guest")
	ok("random", "", "-").run(t, p)
}

func TestContexts(t *testing.T) {
	p, err := newPlugin(t, newEngine(t, Options{CloseOnDone: true}), nil, "guest")
	if err != nil {
		t.Fatal(err)
	}
	for _, function := range []string{"forever", "sleep"} {
		ok("count", "", "1").run(t, p)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := p.Call(ctx, function, nil)
		cancel()
		if !errors.Is(err, &fault.Error{Code: fault.Trap}) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", function, err)
		}
	}
	ok("count", "", "1").run(t, p)
}

func TestClose(t *testing.T) {
	e := newEngine(t, Options{})
	p, err := newPlugin(t, e, nil, "guest")
	if err != nil {
		t.Fatal(err)
	}
	ok("echo", "x", "x").run(t, p)
	for range 2 {
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		fails("echo", fault.Closed, "has been closed").run(t, p)
	}
	if len(e.kernels)+len(e.wasis) != 0 {
		t.Errorf("%d kernels and %d adapters are left", len(e.kernels), len(e.wasis))
	}
}

func TestOutputIsTheCallers(t *testing.T) {
	p := mustPlugin(t, nil, "guest")
	input := []byte("first")
	r, err := p.Call(t.Context(), "echo", input)
	if err != nil {
		t.Fatal(err)
	}
	ok("echo", "other", "other").run(t, p)
	if string(r.Output) != "first" || string(input) != "first" {
		t.Errorf("output %q, input %q", r.Output, input)
	}
}

func TestToInt32(t *testing.T) {
	for _, tc := range []struct {
		f    float64
		want int32
	}{
		{0, 0}, {-0.9, 0}, {1.9, 1}, {-1.9, -1}, {1<<31 - 1, math.MaxInt32}, {1 << 31, math.MinInt32}, {-1 << 31, math.MinInt32},
		{-1<<31 - 1, math.MaxInt32}, {1<<32 + 5, 5}, {-1<<32 - 5, -5}, {1 << 70, 0}, {math.Inf(1), 0}, {math.Inf(-1), 0}, {math.NaN(), 0},
	} {
		if got := toInt32(tc.f); got != tc.want {
			t.Errorf("%v: %d, want %d", tc.f, got, tc.want)
		}
	}
}
