package hostenv

import (
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// newEnv makes an environment with a config, and with a limit for vars if one is
// given.
func newEnv(config map[string]string, maxVarBytes ...uint64) *Env {
	m := &manifest.Manifest{Config: config}
	if len(maxVarBytes) > 0 {
		m.Memory.MaxVarBytes = &maxVarBytes[0]
	}
	return New(m, manifest.LogInfo)
}

// block gives the text of a result: the block at an offset, or "" for 0.
func block(t *testing.T, k *enginetest.Kernel, result int64) string {
	t.Helper()
	if result == 0 {
		return ""
	}
	text, ok := k.Block(uint32(result))
	if !ok {
		t.Fatalf("%d is no block", result)
	}
	return text
}

// wantStop checks the reason of the stop that has just been given.
func wantStop(t *testing.T, e *Env, code fault.Code, function, text string) {
	t.Helper()
	reason := e.TakeStop()
	if reason == nil {
		t.Fatal("the stop has no reason")
	}
	if reason.Code != code || reason.Module != "extism:host/env" || reason.Function != function || !strings.Contains(reason.Message, text) {
		t.Errorf("the reason is %s %q in %s %s; want %s %q in %s",
			reason.Code, reason.Message, reason.Module, reason.Function, code, text, function)
	}
	if again := e.TakeStop(); again != nil {
		t.Errorf("the reason is there twice: %v", again)
	}
}

func TestConfigGet(t *testing.T) {
	long := strings.Repeat("k", 70000)
	config := map[string]string{"greeting": "hello", "empty": "", "": "nameless", "\xff\x00": "binary", "größe": "groß", long: "far"}
	for _, tt := range []struct{ name, key, want string }{
		{"a value", "greeting", "hello"},
		{"another key's beginning", "greet", ""},
		{"another key with more behind it", "greetings", ""},
		{"an unknown key", "farewell", ""},
		{"an empty value reads as if there were none", "empty", ""},
		{"a key that is no UTF-8", "\xff\x00", "binary"},
		{"a key of more than ASCII", "größe", "groß"},
		{"a property of every JavaScript object", "constructor", ""},
		{"the prototype of every JavaScript object", "__proto__", ""},
		{"the empty key", "", "nameless"},
		{"a long key", long, "far"},
		{"a key longer than any", long + "k", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, k := newEnv(config), enginetest.NewKernel(1<<18)
			off, n := k.Store(tt.key)
			if got := block(t, k, e.ConfigGet(k, off, n)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if stop := e.TakeStop(); stop != nil {
				t.Errorf("the guest is stopped: %v", stop)
			}
		})
	}
}

func TestConfigGetOfNoConfig(t *testing.T) {
	e, k := newEnv(nil), enginetest.NewKernel(64)
	off, n := k.Store("greeting")
	if got := e.ConfigGet(k, off, n); got != 0 {
		t.Errorf("got %d", got)
	}
}

// A key of 4 GiB that does not exist must cost nothing.
func TestOversizedKeysAreNotRead(t *testing.T) {
	e, k := newEnv(map[string]string{"a": "b"}), enginetest.NewKernel(64)
	const huge = 1<<32 - 1
	for name, f := range map[string]func() int64{
		"config_get":      func() int64 { return e.ConfigGet(k, 1024, huge) },
		"var_get":         func() int64 { return e.VarGet(k, 1024, huge) },
		"var_set, delete": func() int64 { return int64(e.VarSet(k, 1024, huge, 0, 0)) },
	} {
		if got := f(); got != 0 || e.TakeStop() != nil {
			t.Errorf("%s: got %d", name, got)
		}
	}
	if got := e.VarSet(k, 1024, huge, 1024, 1); got != Stop {
		t.Errorf("var_set: got %d", got)
	}
	wantStop(t, e, fault.VarsFull, "var_set", "4294967296 bytes requested")
	if cap(e.key) > 64 {
		t.Errorf("the scratch buffer has grown to %d bytes", cap(e.key))
	}
}

func TestKeysOutsideTheMemory(t *testing.T) {
	e, k := newEnv(map[string]string{"key": "value"}), enginetest.NewKernel(64)
	e.SetVar([]byte("key"), []byte("value"))
	off := uint32(k.Size()) - 2 // where three bytes do not fit
	if got := e.ConfigGet(k, off, 3); got != 0 {
		t.Errorf("config_get: got %d", got)
	}
	if got := e.VarGet(k, off, 3); got != 0 {
		t.Errorf("var_get: got %d", got)
	}
	if got := e.VarSet(k, off, 3, 1024, 1); got != Stop {
		t.Errorf("var_set: got %d", got)
	}
	wantStop(t, e, fault.InvalidInput, "var_set", "key")
	if v, _ := e.Var([]byte("key")); string(v) != "value" {
		t.Errorf("the var is %q", v)
	}
}

func TestNoRoomForAResult(t *testing.T) {
	e, k := newEnv(map[string]string{"k": "a value"}), enginetest.NewKernel(16)
	e.SetVar([]byte("k"), []byte("a value"))
	off, n := k.Store("k")
	if got := e.ConfigGet(k, off, n); got != Stop {
		t.Errorf("config_get: got %d", got)
	}
	wantStop(t, e, fault.OutOfMemory, "config_get", "no room")
	if got := e.VarGet(k, off, n); got != Stop {
		t.Errorf("var_get: got %d", got)
	}
	wantStop(t, e, fault.OutOfMemory, "var_get", "no room")
}

func TestLog(t *testing.T) {
	for _, tt := range []struct {
		level  manifest.LogLevel
		number int32
		passed string // of the five levels, those that are
	}{
		{manifest.LogTrace, 0, "01234"},
		{manifest.LogDebug, 1, "1234"},
		{manifest.LogInfo, 2, "234"},
		{manifest.LogWarn, 3, "34"},
		{manifest.LogError, 4, "4"},
		{manifest.LogOff, 0x7fffffff, ""},
	} {
		e := New(&manifest.Manifest{}, manifest.LogOff)
		e.SetLogLevel(tt.level)
		if got := e.LogLevel(); got != tt.number {
			t.Errorf("get_log_level gives %d, want %d", got, tt.number)
		}
		passed := ""
		for level := int32(0); level < 5; level++ {
			if e.Log(level) == 1 {
				passed += string(rune('0' + level))
			}
		}
		if passed != tt.passed {
			t.Errorf("level %d passes %q on, want %q", tt.number, passed, tt.passed)
		}
	}
}

func TestSetStop(t *testing.T) {
	e := newEnv(nil)
	if e.TakeStop() != nil {
		t.Error("there is a reason before any stop")
	}
	reason := fault.New(fault.Internal, "the sky has fallen")
	e.SetStop(reason)
	if got := e.TakeStop(); got != reason {
		t.Errorf("the reason is %v", got)
	}
}
