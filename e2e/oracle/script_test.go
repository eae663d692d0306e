package oracle

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/shrink"
)

// duel runs scripts on the Go SDK and natively on our engine.
type duel struct {
	sdk  *Runner
	ours *Native
}

func newDuel(tb testing.TB) *duel {
	tb.Helper()
	ctx := context.Background()
	lib := Library{}
	if err := lib.Add("guests"); err != nil {
		tb.Fatal(err)
	}
	ours, err := NewNative(ctx, lib)
	if err != nil {
		tb.Fatal(err)
	}
	d := &duel{NewRunner(lib), ours}
	tb.Cleanup(func() { d.sdk.Close(ctx); d.ours.Close(ctx) })
	return d
}

// play gives what is different; nothing if nothing is.
func (d *duel) play(tb testing.TB, c Case) []string {
	tb.Helper()
	want, err := d.sdk.Run(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	got, err := d.ours.Run(context.Background(), c)
	if err != nil {
		tb.Fatal(err)
	}
	return Differences(c, want, got)
}

// step is an instruction of one of several scripts, so that all of them shrink
// together.
type step struct {
	call int
	Instruction
}

func flatten(scripts [][]Instruction) []step {
	var steps []step
	for call, script := range scripts {
		for _, i := range script {
			steps = append(steps, step{call, i})
		}
	}
	return steps
}

// unflatten leaves out scripts that have no instruction left.
func unflatten(steps []step) [][]Instruction {
	var scripts [][]Instruction
	for i, s := range steps {
		if i == 0 || s.call != steps[i-1].call {
			scripts = append(scripts, nil)
		}
		scripts[len(scripts)-1] = append(scripts[len(scripts)-1], s.Instruction)
	}
	return scripts
}

// simpler gives instructions that are easier to read than s.
func simpler(s step) []step {
	var list []step
	for _, try := range []Instruction{
		{s.Op, 0, 0, 0, 0}, {s.Op, s.A, 0, 0, 0}, {s.Op, s.A, s.B, 0, s.Y}, {s.Op, s.A, s.B, s.X, 0},
		{s.Op, s.A, s.B, s.X / 2, s.Y}, {s.Op, s.A, s.B, s.X, s.Y / 2},
	} {
		if try != s.Instruction {
			list = append(list, step{s.call, try})
		}
	}
	return list
}

// smallest makes scripts that fail as small as they can be, and a report of them.
func smallest(scripts [][]Instruction, play func([][]Instruction) []string) ([][]Instruction, string) {
	fails := func(s []step) bool { return len(play(unflatten(s))) > 0 }
	small := unflatten(shrink.Elements(shrink.List(flatten(scripts), fails), simpler, fails))
	var b strings.Builder
	for _, d := range play(small) {
		fmt.Fprintf(&b, "\n\t%s", d)
	}
	for call, script := range small {
		fmt.Fprintf(&b, "\n\tcall %d:", call)
		for _, i := range script {
			fmt.Fprintf(&b, "\n\t\t%v", i)
		}
	}
	return small, b.String()
}

func (d *duel) check(t *testing.T, what string, scripts [][]Instruction) {
	t.Helper()
	play := func(s [][]Instruction) []string { return d.play(t, scriptCase("script", s...)) }
	if len(play(scripts)) > 0 {
		_, report := smallest(scripts, play)
		t.Errorf("%s: the hosts differ:%s", what, report)
	}
}

// The seeds go on where those of the corpus end.
func TestRandomScripts(t *testing.T) {
	d := newDuel(t)
	runs := uint64(150)
	if testing.Short() {
		runs = 30
	}
	for seed := scriptSeeds + uint64(0); seed < scriptSeeds+runs; seed++ {
		d.check(t, fmt.Sprintf("seed %d", seed), randomScripts(seed))
	}
}

func FuzzScripts(f *testing.F) {
	f.Add(Encode(everything())[4:])
	for seed := range uint64(3) {
		f.Add(Encode(randomScripts(seed)[0])[4:])
	}
	d := newDuel(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		script := Decode(data)
		d.check(t, "fuzz", [][]Instruction{script, script})
	})
}

// Random scripts are of little use if most of them end at once, or never meet an
// instruction in a state in which it does something.
func TestRandomScriptsReachEverything(t *testing.T) {
	reached := map[string]int{}
	for seed := range uint64(scriptSeeds) {
		for _, script := range randomScripts(seed) {
			for _, i := range script {
				reached[opNames[i.Op]]++
				if op := opNames[i.Op]; op == "return" || op == "trap" || op == "exit" {
					break
				}
			}
		}
	}
	for _, name := range opNames {
		least := 20
		switch name {
		case "nop", "http": // made into something else; everything() has them
			continue
		case "return", "trap", "exit", "reset", "silent":
			least = 5
		}
		if reached[name] < least {
			t.Errorf("%s is reached %d times", name, reached[name])
		}
	}
}

// What a difference looks like, and how small it gets, shown on a host that is
// wrong: one that loses a var when there have been two logs.
func TestDifferencesShrink(t *testing.T) {
	scripts := [][]Instruction{Random(rand.New(rand.NewPCG(1, 2)), 200), Random(rand.New(rand.NewPCG(3, 4)), 200)}
	scripts[0] = append(scripts[0], do("log", 1, 0, 0, 0))
	scripts[1] = append([]Instruction{do("log", 2, 0, 0, 0)}, append(scripts[1], do("var_get", 1, 2, 0, 0))...)
	small, report := smallest(scripts, func(s [][]Instruction) []string {
		logs := 0
		for _, script := range s {
			for _, i := range script {
				switch {
				case opNames[i.Op] == "log":
					logs++
				case opNames[i.Op] == "var_get" && logs >= 2:
					return []string{"a var is lost"}
				}
			}
		}
		return nil
	})
	n := 0
	for _, script := range small {
		n += len(script)
	}
	if n != 3 || !strings.Contains(report, "a var is lost") {
		t.Errorf("%d instructions: %s", n, report)
	}
}

// A host with a fault is found by the scripts, and the script that shows it is
// small: here the guest itself is another one on the other side.
func TestScriptsFindAWrongHost(t *testing.T) {
	d := newDuel(t)
	play := func(s [][]Instruction) []string {
		c := scriptCase("script", s...)
		want, err := d.sdk.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		c.Config = map[string]string{"thing": "another value"}
		got, err := d.ours.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		return Differences(c, want, got)
	}
	small, report := smallest([][]Instruction{everything()}, play)
	if len(small) != 1 || len(small[0]) != 2 || opNames[small[0][1].Op] != "config_get" {
		t.Errorf("got %s", report)
	}
}
