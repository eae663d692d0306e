//go:build !js

package archtest

import (
	"regexp"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
)

// The tables of docs/ABI.md have every function that guests can import, once, with
// its signature, and no other.
func TestABIDocumentListsTheImports(t *testing.T) {
	listed := map[string]string{}
	_, text, ok := strings.Cut(read(t, "docs/ABI.md"), "\n## 3. ")
	text, _, closed := strings.Cut(text, "\n## 4. ")
	if !ok || !closed {
		t.Fatal("docs/ABI.md has no section 3")
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| `([^`]*)` \\|").FindAllStringSubmatch(text, -1) {
		if listed[m[1]] != "" {
			t.Errorf("%s is listed twice", m[1])
		}
		listed[m[1]] = m[2]
	}
	if rows := strings.Count(text, "\n| `"); rows != len(listed) {
		t.Errorf("%d rows, of which %d are understood", rows, len(listed))
	}
	paragraphs := regexp.MustCompile(`(?m)^\|.*\n`).ReplaceAllString(text, "")
	// Parameters have names: (key: i64, value: i64) -> i64.
	name := regexp.MustCompile(`\w+: `)
	for _, f := range kernel.EnvFunctions {
		want := strings.TrimSuffix(f.Type.String(), " -> ()")
		if before, result, ok := strings.Cut(want, " -> "); ok {
			want = before + " -> " + strings.Trim(result, "()")
		}
		signature := listed[f.Name]
		if got := name.ReplaceAllString(signature, ""); got != want {
			t.Errorf("%s is listed as %q, and is %s", f.Name, signature, want)
		}
		if n, named := len(f.Type.Params), strings.Count(signature, ": "); n != named {
			t.Errorf("%s has %d parameters, of which %d have a name", f.Name, n, named)
		}
		if !strings.Contains(paragraphs, "`"+f.Name+"`") && !strings.HasPrefix(f.Name, "log_") {
			t.Errorf("no paragraph speaks of %s", f.Name)
		}
		delete(listed, f.Name)
	}
	for name := range listed {
		t.Errorf("%s is listed, and cannot be imported", name)
	}
}
