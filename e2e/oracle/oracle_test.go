package oracle

import (
	"bytes"
	"context"
	"testing"
)

func TestEveryModuleIsInTheCorpusOrExcluded(t *testing.T) {
	lib, err := SDKLibrary()
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, c := range Cases() {
		for _, w := range c.Wasm {
			used[w.File] = true
		}
	}
	for file := range lib {
		if _, out := Excluded[file]; out == used[file] {
			t.Errorf("%s: in the corpus %v, excluded %v; want one of them", file, used[file], out)
		}
	}
	for file := range Excluded {
		if _, ok := lib[file]; !ok {
			t.Errorf("%s is excluded but does not exist", file)
		}
	}
}

func TestCaseNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range Cases() {
		if seen[c.Name] {
			t.Errorf("two cases are called %q", c.Name)
		}
		seen[c.Name] = true
	}
}

// A deviation is from what the Go SDK really answers, of a case in differing; it
// gives a reason.
func TestDeviations(t *testing.T) {
	lib, err := SDKLibrary()
	if err != nil {
		t.Fatal(err)
	}
	if err := lib.Add("guests"); err != nil {
		t.Fatal(err)
	}
	r := NewRunner(lib)
	defer r.Close(t.Context())
	seen := map[string]bool{}
	for _, c := range differing() {
		seen[c.Name] = true
		d, ok := Deviations[c.Name]
		if !ok || d.Reason == "" {
			t.Errorf("%s: no deviation, or no reason for it", c.Name)
		}
		a, err := r.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if d.same(a) {
			t.Errorf("%s: the Go SDK answers so, too: %+v", c.Name, a)
		}
	}
	for name := range Deviations {
		if !seen[name] {
			t.Errorf("a deviation is listed for %q, which is no such case", name)
		}
	}
}

func TestInputBytes(t *testing.T) {
	for _, tc := range []struct {
		in   Input
		want string
	}{
		{Input{}, ""},
		{Input{Text: "abc"}, "abc"},
		{Input{Text: "abc", Size: 1}, "a"},
		{Input{Text: "abc", Size: 3}, "abc"},
		{Input{Text: "abc", Size: 7}, "abcabca"},
	} {
		if got := string(tc.in.Bytes()); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.in, got, tc.want)
		}
	}
}

// What the Go SDK's own tests expect of its plug-ins must come out here, or the
// oracle asks wrongly.
func TestKnownAnswers(t *testing.T) {
	lib, err := SDKLibrary()
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	r := NewRunner(lib)
	defer r.Close(ctx)
	exit := single("exit", "exit.wasm", text("_start", ""))
	exit.Config = map[string]string{"code": "500"}
	for _, tc := range []struct {
		c    Case
		want Result
	}{
		{single("hello", "hello.wasm", text("run_test", "")), Result{Class: OK, Output: []byte("Hello, world!")}},
		{single("count", "count_vowels.wasm", text("count_vowels", "aaa")), Result{Class: OK, Output: []byte(`{"count":3,"total":3,"vowels":"aeiouAEIOU"}`)}},
		{single("fail", "fail.wasm", text("run_test", "")), Result{Class: Error, Code: 1, Text: "Some error message"}},
		{single("missing", "fail.wasm", text("nope", "")), Result{Class: Missing}},
		{single("another kind", "fail.wasm", text("memory", "")), Result{Class: NotFunction}},
		{single("host function", "host.wasm", text("run_test", "")), Result{Class: OK, Output: []byte("42 x 2 = 84")}},
		{single("host memory", "host_memory.wasm", text("run_test", "Frodo")), Result{Class: OK, Output: []byte("HELLO FRODO!")}},
		{single("host functions", "host_multiple.wasm", text("say_green", "John")), Result{Class: OK, Output: []byte("green: 🫱 Hey from say_green John")}},
		{exit, Result{Class: Exit, Code: 500, Text: "module closed with exit_code(500)"}},
	} {
		got, err := r.Run(ctx, tc.c)
		if err != nil || len(got.Results) != 1 {
			t.Errorf("%s: %v, %v", tc.c.Name, got, err)
			continue
		}
		if g := got.Results[0]; g.Class != tc.want.Class || !bytes.Equal(g.Output, tc.want.Output) || g.Code != tc.want.Code || g.Text != tc.want.Text {
			t.Errorf("%s: %+v, want %+v", tc.c.Name, got.Results[0], tc.want)
		}
	}
}
