package hostenv

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

// keysOf gives the keys that are left in an encoding, in their order there.
func keysOf(data []byte) (keys []string) {
	j, ok := readJournal(data)
	if !ok {
		panic("malformed changes")
	}
	slices.SortFunc(j.values, func(a, b value) int { return int(a.off) - int(b.off) })
	for _, v := range j.values {
		keys = append(keys, v.key)
	}
	return keys
}

func tracking(maxVarBytes ...uint64) *Env {
	e := newEnv(nil, maxVarBytes...)
	e.TrackChanges()
	return e
}

// drop deletes a var as a guest does.
func drop(e *Env, key string) {
	k := enginetest.NewKernel(len(key) + 64)
	off, n := k.Store(key)
	e.VarSet(k, off, n, 0, 0)
}

func TestChangedVars(t *testing.T) {
	for _, tt := range []struct {
		name   string
		before string // keys that the store has, a letter each
		ops    string // a letter sets, after a minus it deletes; * takes what there is so far
		want   string // in the end
	}{
		{"nothing", "", "", ""},
		{"one", "", "a", "a"},
		{"in the order of first change", "", "bacab", "bac"},
		{"overwritten", "a", "a", "a"},
		{"deleted", "ab", "-a", "a"},
		{"deleted, and not there", "a", "-b", ""},
		{"made and deleted", "", "a-a", ""},
		{"made, deleted and made again", "", "a-aa", "a"},
		{"made, deleted and made again after another", "", "a-aba", "ba"},
		{"set and deleted", "a", "a-a", "a"},
		{"deleted and made again", "a", "-aa", "a"},
		{"deleted, made again and deleted", "a", "-aa-a", "a"},
		{"after having been taken", "", "ab*", ""},
		{"changed again after having been taken", "", "ab*b", "b"},
		{"deleted after having been taken", "", "a*-a", "a"},
		{"made and deleted after another was taken", "", "a*b-b", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for side, change := range map[string]struct {
				set    func(e *Env, key string)
				delete func(e *Env, key string)
			}{
				"the guest": {func(e *Env, key string) { set(e, key, "value") }, drop},
				"the host": {
					func(e *Env, key string) { e.SetVar([]byte(key), nil) },
					func(e *Env, key string) { e.DeleteVar([]byte(key)) },
				},
			} {
				e := newEnv(nil)
				for _, key := range tt.before {
					e.SetVar([]byte(string(key)), []byte("before"))
				}
				e.TrackChanges()
				for i := 0; i < len(tt.ops); i++ {
					switch c := tt.ops[i]; c {
					case '*':
						e.TakeChanges()
					case '-':
						i++
						change.delete(e, tt.ops[i:i+1])
					default:
						change.set(e, string(c))
					}
				}
				noted := keysOf(e.Changes())
				got := strings.Join(keysOf(e.TakeChanges()), "")
				if got != tt.want {
					t.Errorf("%s: %q, want %q", side, got, tt.want)
				}
				for _, key := range tt.want {
					if !slices.Contains(noted, string(key)) {
						t.Errorf("%s: %q would not have survived a crash: %q", side, key, noted)
					}
				}
				if again := e.TakeChanges(); len(again) > 0 {
					t.Errorf("%s: taken twice: %q", side, again)
				}
			}
		})
	}
}

func TestChangesAreNotKeptUnasked(t *testing.T) {
	e := newEnv(nil)
	set(e, "a", "1")
	if e.TakeChanges() != nil || e.Changes() != nil {
		t.Error("there are changes")
	}
	e.TrackChanges()
	set(e, "b", "1")
	e.TrackChanges() // again: what there is stays
	if got := keysOf(e.TakeChanges()); !slices.Equal(got, []string{"b"}) {
		t.Errorf("%q", got)
	}
}

func TestRestoredVarsAreNoChange(t *testing.T) {
	e := tracking()
	other := newEnv(nil)
	set(other, "a", "1")
	if !e.SetVars(other.Vars()) || len(e.TakeChanges()) > 0 {
		t.Error("what was loaded would be saved again")
	}
}

func TestRefusedVarsAreNoChange(t *testing.T) {
	e := tracking(8)
	if set(e, "a", "12345678") != Stop || e.SetVar([]byte("a"), make([]byte, 8)) == nil {
		t.Error("not refused")
	}
	if got := keysOf(e.TakeChanges()); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

func TestChangedKeysOfAnyBytes(t *testing.T) {
	e := tracking()
	keys := []string{"", "\x00", "\xff\xfe", "größe", "\xed\xa0\x80", strings.Repeat("k", 100_000)}
	for _, key := range keys {
		set(e, key, "value")
	}
	if got := keysOf(e.TakeChanges()); !slices.Equal(got, keys) {
		t.Errorf("%.20q", got)
	}
}

// A guest that makes and deletes vars for ever must not have the core remember them
// all.
func TestChangesDoNotGrowForEver(t *testing.T) {
	e := tracking()
	for i := range 100_000 {
		key := fmt.Sprint("key", i)
		set(e, key, "value")
		drop(e, key)
	}
	if n := len(e.Changes()); n > 2*keepGarbage || len(e.changes.values) > 0 {
		t.Errorf("%d bytes and %d keys for nothing", n, len(e.changes.values))
	}
}

// TestChangesAreWhatDiffers runs random operations, and takes the changes now and
// then: carried over to another map they make it equal, and no key is among them
// that neither has.
func TestChangesAreWhatDiffers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	e, store := tracking(), map[string]string{}
	for i := range 20_000 {
		key := strings.Repeat(string(rune('a'+random.IntN(20))), 1+random.IntN(60))
		if random.IntN(2) == 0 {
			drop(e, key)
		} else {
			set(e, key, fmt.Sprint(i))
		}
		if random.IntN(50) > 0 {
			continue
		}
		for _, key := range keysOf(e.TakeChanges()) {
			value, ok := e.Var([]byte(key))
			if _, stored := store[key]; !ok && !stored {
				t.Fatalf("step %d: %q is to be deleted, and nobody has it", i, key)
			}
			if delete(store, key); ok {
				store[key] = string(value)
			}
		}
		if vars := all(e); len(vars) != len(store) {
			t.Fatalf("step %d: the store has %d vars, and there are %d", i, len(store), len(vars))
		}
		for key, value := range all(e) {
			if store[key] != value {
				t.Fatalf("step %d: the store has %q under %q instead of %q", i, store[key], key, value)
			}
		}
	}
}
