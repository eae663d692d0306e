package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/wattest"
)

// peerDifference is something that the packages do differently, and on purpose:
// a row of a table in docs/MIGRATING.md, with the results that prove it.
type peerDifference struct {
	What string `json:"what"`
	// Peer and Ours say in words what each does.
	Peer string `json:"peer"`
	Ours string `json:"ours"`
	Why  string `json:"why"`
	Kind string `json:"kind"` // better, different or later
	// Pending says why it is not yet so with us. Results that show that it has come
	// to be so fail the test, so that this is taken out.
	Pending string       `json:"pending,omitempty"`
	Results []peerResult `json:"results,omitempty"`
}

// peerResult is what a result of a scenario is on each side. Where that is an
// error, "…" in its message stands for any text.
type peerResult struct {
	Scenario string          `json:"scenario"`
	Result   string          `json:"result"`
	On       string          `json:"on,omitempty"` // the only runtime where it is so
	Peer     json.RawMessage `json:"peer"`
	Ours     json.RawMessage `json:"ours"`

	pending bool
}

type resultKey struct{ scenario, result string }

func peerDifferences(t *testing.T) []peerDifference {
	t.Helper()
	var all []peerDifference
	d := json.NewDecoder(bytes.NewReader(wattest.Read(t, "peer/differences.json")))
	d.DisallowUnknownFields()
	if err := d.Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

// listedResults gives the listed results of a runtime.
func listedResults(t *testing.T, runtime string) map[resultKey]*peerResult {
	t.Helper()
	listed := map[resultKey]*peerResult{}
	for _, d := range peerDifferences(t) {
		for _, r := range d.Results {
			if r.On != "" && r.On != runtime {
				continue
			}
			k := resultKey{r.Scenario, r.Result}
			if listed[k] != nil {
				t.Errorf("%s, %s is listed twice", r.Scenario, r.Result)
			}
			r.pending = d.Pending != ""
			listed[k] = &r
		}
	}
	return listed
}

// check says what is wrong with two results; r is nil if they have to be the
// same.
func (r *peerResult) check(peer, ours json.RawMessage) string {
	switch {
	case r == nil && !bytes.Equal(peer, ours):
		return fmt.Sprintf("the peer gives %s, we give %s", peer, ours)
	case r == nil:
		return ""
	case !matches(peer, r.Peer):
		return fmt.Sprintf("the peer gives %s, and the list says %s", peer, r.Peer)
	case r.pending && matches(ours, r.Ours):
		return fmt.Sprintf("we give %s, as the list wants; it is no longer pending, or no difference at all", ours)
	case !r.pending && !matches(ours, r.Ours):
		return fmt.Sprintf("we give %s, and the list says %s", ours, r.Ours)
	case !r.pending && bytes.Equal(peer, ours):
		return fmt.Sprintf("both give %s; that is no difference", ours)
	}
	return ""
}

// matches compares a result with a listed one.
func matches(got, want json.RawMessage) bool {
	var is, pattern struct{ Throws *string }
	if json.Unmarshal(got, &is) == nil && json.Unmarshal(want, &pattern) == nil && is.Throws != nil && pattern.Throws != nil {
		parts := strings.Split(*pattern.Throws, "…")
		for i, p := range parts {
			parts[i] = regexp.QuoteMeta(p)
		}
		return regexp.MustCompile("(?s)^" + strings.Join(parts, ".*") + "$").MatchString(*is.Throws)
	}
	var x, y bytes.Buffer
	return json.Compact(&x, got) == nil && json.Compact(&y, want) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

func TestMatches(t *testing.T) {
	for _, tt := range []struct {
		got, want string
		match     bool
	}{
		{`"a"`, `"a"`, true},
		{`"a"`, `"b"`, false},
		{`"ab"`, `"a…"`, false}, // only errors have patterns
		{`["a","b"]`, `["a", "b"]`, true},
		{`null`, `null`, true},
		{`null`, `{"throws": "…"}`, false},
		{`{"throws":"no such user"}`, `{"throws": "no such user"}`, true},
		{`{"throws":"no such user"}`, `{"throws": "no such…"}`, true},
		{`{"throws":"no such user"}`, `{"throws": "…such…"}`, true},
		{`{"throws":"no such user"}`, `{"throws": "such…"}`, false},
		{`{"throws":"no\nsuch"}`, `{"throws": "…"}`, true},
	} {
		if got := matches([]byte(tt.got), []byte(tt.want)); got != tt.match {
			t.Errorf("%s matches %s: %t", tt.got, tt.want, got)
		}
	}
}

const migrating = root + "/docs/MIGRATING.md"

// The tables of docs/MIGRATING.md are what the list says. With EXTISM_UPDATE=1
// they are written.
func TestMigratingTables(t *testing.T) {
	text := string(wattest.Read(t, migrating))
	want := text
	for kind, table := range migratingTables(peerDifferences(t)) {
		begin, end := "<!-- "+kind+": see e2e/peer/differences.json -->\n", "<!-- end of "+kind+" -->"
		before, rest, ok := strings.Cut(want, begin)
		_, after, ended := strings.Cut(rest, end)
		if !ok || !ended {
			t.Fatalf("there is no place for the table %q", kind)
		}
		want = before + begin + table + end + after
	}
	if want == text {
		return
	}
	if os.Getenv("EXTISM_UPDATE") != "1" {
		t.Fatal("a table is not what the list says; write it with EXTISM_UPDATE=1")
	}
	if err := os.WriteFile(migrating, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// migratingTables makes the tables, by kind. What is pending is in that of what is
// to come.
func migratingTables(all []peerDifference) map[string]string {
	rows := map[string]string{"better": "", "different": "", "later": ""}
	for _, d := range all {
		kind, ours := d.Kind, d.Ours
		if d.Pending != "" {
			kind, ours = "later", d.Pending+" Then: "+d.Ours
		}
		rows[kind] += fmt.Sprintf("| %s | %s | %s | %s |\n", d.What, d.Peer, ours, d.Why)
	}
	for kind := range rows {
		rows[kind] = "\n| | `@extism/extism` | extism-js | why |\n| --- | --- | --- | --- |\n" + rows[kind] + "\n"
	}
	return rows
}

func TestPeerDifferences(t *testing.T) {
	for _, d := range peerDifferences(t) {
		if d.What == "" || d.Peer == "" || d.Ours == "" || d.Why == "" || !slices.Contains([]string{"better", "different", "later"}, d.Kind) {
			t.Errorf("%q is incomplete", d.What)
		}
		if len(d.Results) == 0 && d.Pending == "" && d.Kind != "later" {
			t.Errorf("nothing proves %q", d.What)
		}
	}
}

// docs/MIGRATING.md says something about each name that the peer declares for
// programs.
func TestMigratingIsComplete(t *testing.T) {
	text := string(wattest.Read(t, migrating))
	names := peerNames(t)
	if len(names) < 70 {
		t.Fatalf("only %d names found: %q", len(names), names)
	}
	setter := regexp.MustCompile(`^set(Big|Float|Int|Uint)`) // those of DataView are named together
	for _, name := range names {
		if !setter.MatchString(name) && !regexp.MustCompile(`\b`+name+`\b`).MatchString(text) {
			t.Errorf("not a word about %s", name)
		}
	}
}

// peerNames are the names that the peer exports, and those of the members of what
// programs make or get.
func peerNames(t *testing.T) []string {
	t.Helper()
	read := func(file string) string { return string(wattest.Read(t, filepath.Join(peerFolder, "browser", file))) }
	var names []string
	for _, list := range regexp.MustCompile(`(?s)export (?:type )?\{(.*?)\}`).FindAllStringSubmatch(read("mod.d.ts"), -1) {
		for name := range strings.FieldsFuncSeq(list[1], func(r rune) bool { return r == ',' || r == ' ' || r == '\n' }) {
			if name != "as" {
				names = append(names, name)
			}
		}
	}
	body := regexp.MustCompile(`(?ms)^export (?:declare )?(?:interface|class|type) (\w+)[^\n]* \{\n(.*?)^\}`)
	member := regexp.MustCompile(`(?m)^    (?:get |set )?(\w+)\??[(<:]`)
	with := []string{"CallContext", "Capabilities", "ExtismPluginOptions", "MemoryOptions", "Plugin", "PluginOutput"}
	for _, b := range body.FindAllStringSubmatch(read("interfaces.d.ts")+read("call-context.d.ts"), -1) {
		if !slices.Contains(with, b[1]) {
			continue
		}
		for _, m := range member.FindAllStringSubmatch(b[2], -1) {
			if m[1] != "constructor" {
				names = append(names, m[1])
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
