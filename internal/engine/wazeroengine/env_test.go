package wazeroengine

import (
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// The environment as a guest sees it: the kernel's functions, with the real
// environment behind them.

// envGuest makes a plug-in whose kernel the test calls as a guest would.
func envGuest(t *testing.T, configure func(c *Config)) *Plugin {
	t.Helper()
	p := mustPlugin(t, configure, "guest")
	p.kernel.Begin(0)
	return p
}

// env calls a function of the environment, which must not trap, and gives the text
// of the block that it gives.
func env(t *testing.T, p *Plugin, function string, args ...uint64) string {
	t.Helper()
	r, err := p.kernel.Call(t.Context(), function, args...)
	if err != nil {
		t.Fatalf("%s: %v", function, err)
	}
	if len(r) == 0 || r[0] == 0 {
		return ""
	}
	text := make([]byte, p.kernel.Length(uint32(r[0])))
	if len(text) == 0 {
		t.Fatalf("%s gives %d, which is no block", function, r[0])
	}
	p.kernel.Read(uint32(r[0]), text)
	return string(text)
}

// block gives the offset of a new block with a text; 0 for none.
func block(t *testing.T, p *Plugin, text string) uint64 {
	if text == "" {
		return 0
	}
	return uint64(put(t, p.kernel, text))
}

// The host owns what a guest passes (libextism's documentation of the functions):
// after the call the block is free, whatever has become of the call.
func TestTheHostFreesWhatIsPassed(t *testing.T) {
	for _, tt := range []struct {
		name     string
		function string
		args     []string
		traps    bool
	}{
		{"the key of a config value", "config_get", []string{"greeting"}, false},
		{"the key of no config value", "config_get", []string{"none"}, false},
		{"the key of a var", "var_get", []string{"a var"}, false},
		{"the key of no var", "var_get", []string{"none"}, false},
		{"the key and value of a var", "var_set", []string{"key", "value"}, false},
		{"the key and value of a var for which there is no room", "var_set", []string{"key", strings.Repeat("v", 100)}, true},
		{"a line that is passed on", "log_info", []string{"line"}, false},
		{"a line that is not", "log_trace", []string{"line"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			limit := uint64(50)
			p := envGuest(t, func(c *Config) {
				c.Manifest.Config, c.Manifest.Memory.MaxVarBytes = map[string]string{"greeting": "hello"}, &limit
				c.Options.LogLevel = manifest.LogInfo
			})
			env(t, p, "var_set", block(t, p, "a var"), block(t, p, "its value"))
			var args []uint64
			for _, a := range tt.args {
				args = append(args, block(t, p, a))
			}
			other := block(t, p, "not passed")
			if _, err := p.kernel.Call(t.Context(), tt.function, args...); (err != nil) != tt.traps {
				t.Errorf("error %v", err)
			}
			for i, off := range args {
				if n := p.kernel.Length(uint32(off)); n != 0 {
					t.Errorf("argument %d still has %d bytes", i, n)
				}
			}
			if n := p.kernel.Length(uint32(other)); n != 10 {
				t.Errorf("the block that was not passed has %d bytes", n)
			}
		})
	}
}

// A handle that has been freed stands for no bytes, and so for the empty key. The
// result got its offset, and was then freed in place of the argument.
func TestAStaleHandleDoesNotFreeTheResult(t *testing.T) {
	p := envGuest(t, func(c *Config) { c.Manifest.Config = map[string]string{"": "nameless"} })
	stale := block(t, p, "freed")
	p.kernel.Free(uint32(stale))
	if got := env(t, p, "config_get", stale); got != "nameless" {
		t.Errorf("config_get gives %q", got)
	}
	p.machine.Env().SetVar(nil, []byte("a var's"))
	p.kernel.Begin(0)
	if got := env(t, p, "var_get", stale); got != "a var's" {
		t.Errorf("var_get gives %q", got)
	}
}

// A logger is user code, and may allocate: what it gets must not be freed in place
// of a stale line.
func TestAStaleLineDoesNotFreeWhatTheLoggerHasAllocated(t *testing.T) {
	var p *Plugin
	var given uint32
	p = envGuest(t, func(c *Config) {
		c.Options.LogLevel = manifest.LogInfo
		c.Logger = func(manifest.LogLevel, string) error { given = p.kernel.Alloc(8); return nil }
	})
	stale := block(t, p, "freed")
	p.kernel.Free(uint32(stale))
	env(t, p, "log_info", stale)
	if given == 0 || p.kernel.Length(given) != 8 {
		t.Errorf("the logger's block at %d has %d bytes", given, p.kernel.Length(given))
	}
}

// Extism's ABI cannot tell an empty value from none: alloc(0) is 0, and a var_set
// of 0 deletes; a var_get of an empty value is 0. The host can tell them apart.
func TestEmptyValuesAreAbsentToGuests(t *testing.T) {
	p := envGuest(t, func(c *Config) { c.Manifest.Config = map[string]string{"empty": ""} })
	if got := env(t, p, "config_get", block(t, p, "empty")); got != "" {
		t.Errorf("an empty config value is %q", got)
	}
	p.context.SetVar("empty", nil)
	if got := env(t, p, "var_get", block(t, p, "empty")); got != "" {
		t.Errorf("an empty var is %q", got)
	}
	if value, ok := p.context.Var("empty"); !ok || len(value) != 0 {
		t.Errorf("the host sees %q, %t", value, ok)
	}
	off, _ := p.kernel.Call(t.Context(), "alloc", 0)
	env(t, p, "var_set", block(t, p, "empty"), off[0])
	if _, ok := p.context.Var("empty"); ok {
		t.Error("set to an empty block, the var is still there")
	}
	// An offset that is not 0 and no block is an empty value, which is kept.
	env(t, p, "var_set", block(t, p, "empty"), 1<<40)
	if value, ok := p.context.Var("empty"); !ok || len(value) != 0 {
		t.Errorf("set to no block, the host sees %q, %t", value, ok)
	}
}

func TestVarsAreDeletedFromBothSides(t *testing.T) {
	p := envGuest(t, nil)
	env(t, p, "var_set", block(t, p, "key"), block(t, p, "of the guest"))
	p.context.DeleteVar("key")
	if got := env(t, p, "var_get", block(t, p, "key")); got != "" {
		t.Errorf("deleted by the host, the guest sees %q", got)
	}
	p.context.SetVar("key", []byte("of the host"))
	if got := env(t, p, "var_get", block(t, p, "key")); got != "of the host" {
		t.Errorf("the guest sees %q", got)
	}
	env(t, p, "var_set", block(t, p, "key"), 0)
	if value, ok := p.context.Var("key"); ok {
		t.Errorf("deleted by the guest, the host sees %q", value)
	}
}

func TestBinaryVarsAndKeysOfAnyBytes(t *testing.T) {
	p := envGuest(t, nil)
	value := "\x00\xff\xfe\r\n\x80"
	for _, key := range []string{"", "\x00", "\xff", "__proto__", "\xed\xa0\x80", strings.Repeat("k", 100_000)} {
		env(t, p, "var_set", block(t, p, key), block(t, p, value+key))
		if got := env(t, p, "var_get", block(t, p, key)); got != value+key {
			t.Errorf("%.10q is %.20q", key, got)
		}
	}
}

func TestARefusedVarLeavesTheOldOne(t *testing.T) {
	limit := uint64(20)
	p := envGuest(t, func(c *Config) { c.Manifest.Memory.MaxVarBytes = &limit })
	env(t, p, "var_set", block(t, p, "key"), block(t, p, "old"))
	if _, err := p.kernel.Call(t.Context(), "var_set", block(t, p, "key"), block(t, p, "a new and long value")); err == nil {
		t.Fatal("not refused")
	}
	if stop := p.machine.Env().TakeStop(); stop == nil || stop.Code != fault.VarsFull {
		t.Errorf("stopped for %v", stop)
	}
	if err := p.context.SetVar("key", make([]byte, 18)); err == nil {
		t.Error("the host's is not refused")
	}
	if got := env(t, p, "var_get", block(t, p, "key")); got != "old" {
		t.Errorf("the var is %q", got)
	}
}

// The reset of a guest frees its blocks and nothing else.
func TestResetKeepsVars(t *testing.T) {
	p := envGuest(t, nil)
	env(t, p, "var_set", block(t, p, "key"), block(t, p, "kept"))
	off := block(t, p, "freed")
	env(t, p, "reset")
	if n := p.kernel.Length(uint32(off)); n != 0 {
		t.Errorf("the block still has %d bytes", n)
	}
	if got := env(t, p, "var_get", block(t, p, "key")); got != "kept" {
		t.Errorf("the var is %q", got)
	}
}

func TestVarsAndTheirChangesSurviveTraps(t *testing.T) {
	p := mustPlugin(t, nil, "guest")
	p.machine.Env().TrackChanges()
	for _, c := range []aCall{
		ok("set", "kept", "-"), fails("trap", fault.Trap, ""), fails("complain and trap", fault.PluginError, ""), ok("get", "", "kept"),
	} {
		c.run(t, p)
	}
	if got := string(p.machine.Env().TakeChanges()); got != "\x03\x00\x00\x00\x00\x00\x00\x00key" {
		t.Errorf("changed %q", got)
	}
}
