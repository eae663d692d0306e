package oracle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
	for name := range Deviations {
		if !seen[name] {
			t.Errorf("a deviation is listed for %q, which is no case", name)
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
	sha := func(s string) string {
		sum := sha256.Sum256([]byte(s))
		return hex.EncodeToString(sum[:])
	}
	exit := single("exit", "exit.wasm", text("_start", ""))
	exit.Config = map[string]string{"code": "500"}
	for _, tc := range []struct {
		c    Case
		want Result
	}{
		{single("hello", "hello.wasm", text("run_test", "")), Result{Class: OK, Length: 13, SHA256: sha("Hello, world!")}},
		{single("count", "count_vowels.wasm", text("count_vowels", "aaa")), Result{Class: OK, Length: 43, SHA256: sha(`{"count":3,"total":3,"vowels":"aeiouAEIOU"}`)}},
		{single("fail", "fail.wasm", text("run_test", "")), Result{Class: Error, Code: 1, SHA256: sha(""), Text: "Some error message"}},
		{single("missing", "fail.wasm", text("nope", "")), Result{Class: Missing}},
		{exit, Result{Class: Exit, Code: 500, SHA256: sha(""), Text: "module closed with exit_code(500)"}},
	} {
		got, err := r.Run(ctx, tc.c)
		if err != nil {
			t.Error(err)
			continue
		}
		got[0].Logs = nil
		if g := got[0]; g.Class != tc.want.Class || g.Length != tc.want.Length || g.SHA256 != tc.want.SHA256 || g.Code != tc.want.Code || g.Text != tc.want.Text {
			t.Errorf("%s: %+v, want %+v", tc.c.Name, g, tc.want)
		}
	}
}
