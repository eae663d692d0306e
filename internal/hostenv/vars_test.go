package hostenv

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
	"github.com/extism-js/extism-js/internal/fault"
)

// set calls var_set with a key and a value in blocks of their own.
func set(e *Env, key, value string) int32 {
	k := enginetest.NewKernel(len(key) + len(value) + 64)
	keyOff, keyLen := k.Store(key)
	off, n := k.Store(value)
	return e.VarSet(k, keyOff, keyLen, off, n)
}

// get calls var_get.
func get(t *testing.T, e *Env, key string) string {
	t.Helper()
	k := enginetest.NewKernel(len(key) + 1<<22)
	off, n := k.Store(key)
	return block(t, k, e.VarGet(k, off, n))
}

func TestVars(t *testing.T) {
	type op struct{ key, value string }
	for _, tt := range []struct {
		name string
		ops  []op // an empty value deletes
		want map[string]string
	}{
		{"nothing", nil, nil},
		{"one", []op{{"a", "1"}}, map[string]string{"a": "1"}},
		{"two", []op{{"a", "1"}, {"b", "22"}}, map[string]string{"a": "1", "b": "22"}},
		{"replaced by as many bytes", []op{{"a", "1"}, {"a", "2"}}, map[string]string{"a": "2"}},
		{"replaced by more bytes", []op{{"a", "1"}, {"a", "234"}}, map[string]string{"a": "234"}},
		{"replaced by fewer bytes", []op{{"a", "123"}, {"a", "4"}}, map[string]string{"a": "4"}},
		{"deleted", []op{{"a", "1"}, {"a", ""}}, nil},
		{"deleted twice", []op{{"a", "1"}, {"a", ""}, {"a", ""}}, nil},
		{"deleted without having been there", []op{{"a", ""}}, nil},
		{"deleted and set again", []op{{"a", "1"}, {"a", ""}, {"a", "2"}}, map[string]string{"a": "2"}},
		{"keys that begin alike", []op{{"a", "1"}, {"aa", "2"}, {"aaa", "3"}, {"aa", ""}}, map[string]string{"a": "1", "aaa": "3"}},
		{"the empty key", []op{{"", "1"}}, map[string]string{"": "1"}},
		{"binary keys and values", []op{{"\x00", "\xff\xfe"}, {"\x00\x00", "\x00"}, {"\xff", "é"}},
			map[string]string{"\x00": "\xff\xfe", "\x00\x00": "\x00", "\xff": "é"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := newEnv(nil)
			for _, o := range tt.ops {
				if got := set(e, o.key, o.value); got != 0 {
					t.Fatalf("var_set(%q, %q) gives %d: %v", o.key, o.value, got, e.TakeStop())
				}
			}
			for _, o := range tt.ops {
				if got := get(t, e, o.key); got != tt.want[o.key] {
					t.Errorf("%q is %q, want %q", o.key, got, tt.want[o.key])
				}
			}
			size := 0
			for k, v := range tt.want {
				size += len(k) + len(v)
			}
			if e.varBytes != uint64(size) {
				t.Errorf("%d bytes are counted, want %d", e.varBytes, size)
			}
		})
	}
}

func TestVarLimits(t *testing.T) {
	type op struct {
		key, value string
		fits       bool
	}
	kilobytes := func(n int) string { return strings.Repeat("x", n<<10) }
	for _, tt := range []struct {
		name  string
		limit []uint64
		ops   []op
	}{
		{"unset: 1 MiB", nil, []op{{"key!", kilobytes(1024)[4:], true}, {"k", "", true}, {"k", "v", false}}},
		{"unset: a byte more than 1 MiB", nil, []op{{"key!", kilobytes(1024)[3:], false}}},
		{"keys count", []uint64{8}, []op{{"12345678", "9", false}, {"1234567", "8", true}}},
		{"exactly full", []uint64{8}, []op{{"a", "123", true}, {"b", "123", true}, {"c", "1", false}}},
		{"a var's own bytes are given back", []uint64{8}, []op{{"a", "1234567", true}, {"a", "7654321", true}, {"a", "1", true}, {"b", "12345", true}}},
		{"replaced by too much", []uint64{8}, []op{{"a", "1", true}, {"a", "12345678", false}}},
		{"room after a deletion", []uint64{8}, []op{{"a", "1234567", true}, {"b", "1", false}, {"a", "", true}, {"b", "1", true}}},
		{"a key that is longer than all vars may be", []uint64{8}, []op{{"123456789", "1", false}}},
		{"deleting a key that is longer than all vars may be", []uint64{8}, []op{{"123456789", "", true}}},
		{"one byte", []uint64{1}, []op{{"", "1", true}, {"", "12", false}, {"a", "b", false}}},
		{"no limit to speak of", []uint64{1<<32 - 1}, []op{{"a", kilobytes(2048), true}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, model := newEnv(nil, tt.limit...), map[string]string{}
			for _, o := range tt.ops {
				want := int32(0)
				if !o.fits {
					want = Stop
				}
				if got := set(e, o.key, o.value); got != want {
					t.Fatalf("var_set(%.20q, %d bytes) gives %d, want %d", o.key, len(o.value), got, want)
				}
				if o.fits {
					model[o.key] = o.value
				} else {
					wantStop(t, e, fault.VarsFull, "var_set", "maxVarBytes")
				}
				if got := get(t, e, o.key); got != model[o.key] {
					t.Errorf("%.20q has %d bytes after that, want %d", o.key, len(got), len(model[o.key]))
				}
			}
		})
	}
}

func TestVarsAreDisabledByZero(t *testing.T) {
	for _, value := range []string{"1", ""} {
		e := newEnv(nil, 0)
		if got := set(e, "a", value); got != Stop {
			t.Errorf("var_set gives %d", got)
		}
		wantStop(t, e, fault.VarsFull, "var_set", "disabled")
	}
	e := newEnv(nil, 0)
	if got := get(t, e, "a"); got != "" || e.TakeStop() != nil {
		t.Errorf("var_get gives %q", got)
	}
	if err := e.SetVar([]byte("a"), []byte("b")); err == nil || err.Code != fault.VarsFull {
		t.Errorf("the host's own var: %v", err)
	}
}

func TestVarSetMessageHasTheSizes(t *testing.T) {
	e := newEnv(nil, 10)
	set(e, "ab", "cde")
	set(e, "f", "12345678")
	wantStop(t, e, fault.VarsFull, "var_set", "the variable store is full: 14 bytes requested, 10 allowed")
}

func TestVarSetOfAValueOutsideTheMemory(t *testing.T) {
	for name, before := range map[string]string{"of a new var": "", "of as many bytes": "1234", "of other length": "1"} {
		e, k := newEnv(nil), enginetest.NewKernel(64)
		if before != "" {
			set(e, "a", before)
		}
		keyOff, keyLen := k.Store("a")
		if got := e.VarSet(k, keyOff, keyLen, uint32(k.Size())-3, 4); got != Stop {
			t.Errorf("%s: var_set gives %d", name, got)
		}
		wantStop(t, e, fault.InvalidInput, "var_set", "value")
		if got := get(t, e, "a"); got != before {
			t.Errorf("%s: the var is %q, want %q", name, got, before)
		}
		if want := uint64(len(before)); before != "" && e.varBytes != want+1 {
			t.Errorf("%s: %d bytes are counted", name, e.varBytes)
		}
	}
}

// The host may set an empty var, and sees it; a guest reads it as absent.
func TestEmptyVarsOfTheHost(t *testing.T) {
	e := newEnv(nil)
	if err := e.SetVar([]byte("a"), nil); err != nil {
		t.Fatal(err)
	}
	if v, ok := e.Var([]byte("a")); !ok || len(v) != 0 {
		t.Errorf("the host gets %q, %t", v, ok)
	}
	if got := get(t, e, "a"); got != "" || e.TakeStop() != nil {
		t.Errorf("the guest gets %q", got)
	}
	e.DeleteVar([]byte("a"))
	if _, ok := e.Var([]byte("a")); ok || e.varBytes != 0 {
		t.Errorf("after its deletion it is there: %t; %d bytes are counted", ok, e.varBytes)
	}
}

func TestVarsOfTheHost(t *testing.T) {
	e := newEnv(nil, 8)
	value := []byte("1234567")
	if err := e.SetVar([]byte("a"), value); err != nil {
		t.Fatal(err)
	}
	value[0] = 'x' // the environment has a copy
	if got := get(t, e, "a"); got != "1234567" {
		t.Errorf("the guest gets %q", got)
	}
	if err := e.SetVar([]byte("b"), []byte("1")); err == nil || err.Code != fault.VarsFull || !strings.Contains(err.Message, "10 bytes requested, 8 allowed") {
		t.Errorf("a var too many: %v", err)
	}
	if e.TakeStop() != nil {
		t.Error("the guest is stopped for what the host did")
	}
	e.DeleteVar([]byte("none"))
	e.DeleteVar([]byte("a"))
	if _, ok := e.Var([]byte("a")); ok {
		t.Error("the var is still there")
	}
	if err := e.SetVar([]byte("b"), []byte("1")); err != nil {
		t.Error(err)
	}
}

func TestFits(t *testing.T) {
	for _, tt := range []struct {
		limit []uint64
		size  uint64
		want  string
	}{
		{nil, 1 << 20, ""},
		{nil, 1<<20 + 1, "the variable store is full: 1048577 bytes requested, 1048576 allowed (maxVarBytes)"},
		{[]uint64{8}, 8, ""},
		{[]uint64{8}, 9, "9 bytes requested, 8 allowed"},
		{[]uint64{0}, 1, "1 bytes requested, 0 allowed"},
		{[]uint64{1<<32 - 1}, 2 * (1<<32 - 1), "8589934590 bytes requested"},
	} {
		e := newEnv(nil, tt.limit...)
		err := e.Fits(tt.size)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%d bytes of %v: %v", tt.size, tt.limit, err)
		case tt.want != "" && (err == nil || err.Code != fault.VarsFull || !strings.Contains(err.Message, tt.want)):
			t.Errorf("%d bytes of %v: %v", tt.size, tt.limit, err)
		}
	}
}

// all gives all vars of an environment by way of the encoding.
func all(e *Env) map[string]string {
	vars := map[string]string{}
	for _, v := range e.vars.values {
		data, _ := e.Var([]byte(v.key))
		vars[v.key] = string(data)
	}
	return vars
}

// TestVarsMoveToAnotherEnvironment runs random operations against a map, and after
// each has another environment take the vars over.
func TestVarsMoveToAnotherEnvironment(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	e, model := newEnv(nil), map[string]string{}
	for i := range 5000 {
		key := fmt.Sprint("key", random.IntN(12))
		switch random.IntN(4) {
		case 0:
			e.DeleteVar([]byte(key))
			delete(model, key)
		default:
			value := strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(300))
			if err := e.SetVar([]byte(key), []byte(value)); err != nil {
				t.Fatal(err)
			}
			model[key] = value
		}
		other := newEnv(nil)
		other.SetVar([]byte("of before"), []byte("x"))
		if !other.SetVars(append([]byte(nil), e.Vars()...)) {
			t.Fatalf("step %d: the encoding is refused", i)
		}
		if got := all(other); !maps.Equal(got, model) {
			t.Fatalf("step %d: %v, want %v", i, got, model)
		}
		if other.varBytes != e.varBytes {
			t.Fatalf("step %d: %d bytes are counted, and %d before", i, other.varBytes, e.varBytes)
		}
	}
	size := uint64(0)
	for k, v := range model {
		size += uint64(len(k) + len(v))
	}
	if e.varBytes != size {
		t.Errorf("%d bytes are counted, want %d", e.varBytes, size)
	}
	if limit := 2*int(size) + 1<<14; len(e.Vars()) > limit {
		t.Errorf("the encoding has %d bytes for %d; what is replaced is not dropped", len(e.Vars()), size)
	}
}

func TestSetVarsRefuses(t *testing.T) {
	number := func(n uint32) string { return string(binary.LittleEndian.AppendUint32(nil, n)) }
	good := number(1) + number(1) + "k" + "v"
	for _, tt := range []struct{ name, data string }{
		{"a byte", "x"},
		{"half a length", number(1) + "\x01\x00"},
		{"one length", number(1)},
		{"no key", number(1) + number(0)},
		{"a key that is cut off", number(3) + number(0) + "ke"},
		{"a value that is cut off", number(1) + number(3) + "kva"},
		{"a huge key", number(1<<32-1) + number(0)},
		{"a huge value", number(1) + number(1<<32-2) + "k"},
		{"lengths that overflow together", number(1<<32-1) + number(1<<32-1)},
		{"a good one and a bad one", good + number(9)},
		{"a good one and rubbish", good + "rubbish"},
		{"a deletion that is cut off", number(2) + number(1<<32-1) + "k"},
	} {
		e := newEnv(nil)
		e.SetVar([]byte("kept"), []byte("value"))
		if e.SetVars([]byte(tt.data)) {
			t.Errorf("%s: accepted", tt.name)
		}
		if got := all(e); len(got) != 1 || got["kept"] != "value" || e.varBytes != 9 {
			t.Errorf("%s: the vars are %v after that, %d bytes", tt.name, got, e.varBytes)
		}
	}
	e := newEnv(nil)
	e.SetVar([]byte("gone"), []byte("value"))
	if !e.SetVars(nil) || len(all(e)) != 0 || e.varBytes != 0 {
		t.Errorf("no vars at all: %v, %d bytes", all(e), e.varBytes)
	}
	deletion := number(4) + number(1<<32-1) + "none"
	if !e.SetVars([]byte(good+deletion)) || all(e)["k"] != "v" {
		t.Errorf("the deletion of a var that is not there: %v", all(e))
	}
}

func FuzzSetVars(f *testing.F) {
	e := newEnv(nil)
	e.SetVar([]byte("a"), []byte("1"))
	e.SetVar([]byte("a"), []byte("22"))
	e.DeleteVar([]byte("a"))
	f.Add(e.Vars())
	f.Fuzz(func(t *testing.T, data []byte) {
		e := newEnv(nil)
		if !e.SetVars(data) {
			if len(all(e)) != 0 {
				t.Error("refused, but there are vars")
			}
			return
		}
		other := newEnv(nil)
		if !other.SetVars(e.Vars()) || !maps.Equal(all(other), all(e)) || other.varBytes != e.varBytes {
			t.Errorf("%v became %v", all(e), all(other))
		}
	})
}

// A counter that a guest updates in every call must not grow the store, nor cost
// an allocation.
func TestOverwritingAVarIsCheap(t *testing.T) {
	e, k := newEnv(nil), enginetest.NewKernel(64)
	keyOff, keyLen := k.Store("counter")
	off, n := k.Store("1234")
	e.VarSet(k, keyOff, keyLen, off, n)
	size := len(e.Vars())
	allocs := testing.AllocsPerRun(100, func() { e.VarSet(k, keyOff, keyLen, off, n) })
	if allocs > 0 || len(e.Vars()) != size {
		t.Errorf("%v allocations, and the store has gone from %d to %d bytes", allocs, size, len(e.Vars()))
	}
}
