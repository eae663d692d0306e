//go:build !js

package manifest

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/extism-js/extism-js/internal/fault"
)

// example is a case of testdata/corpus.txt.
type example struct {
	verdict string // accept, reject or decoder: only the decoder refuses it
	path    string // that the error names
	name    string
	because string // why the schema cannot refuse it
	text    string
}

// corpus reads testdata/corpus.txt; its head says what is in it.
func corpus(t testing.TB) []example {
	t.Helper()
	data, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []example
	for block := range strings.SplitSeq(string(data), "\n\n") {
		if strings.HasPrefix(block, "#") {
			continue
		}
		head, text, _ := strings.Cut(block, "\n")
		verdict, name, ok := strings.Cut(head, ": ")
		e := example{name: name}
		e.verdict, e.path, _ = strings.Cut(verdict, " ")
		if rest, found := strings.CutPrefix(text, "because "); found {
			e.because, text, _ = strings.Cut(rest, "\n")
		}
		e.text = text
		if !ok || text == "" || (e.verdict == "decoder") != (e.because != "") || (e.verdict == "accept") != (e.path == "") {
			t.Fatalf("a malformed case: %q", block)
		}
		list = append(list, e)
	}
	return list
}

const schemaFile = "../../schema/manifest.schema.json"

// schema compiles the published schema.
func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// validate asks the schema about a JSON text.
func validate(s *jsonschema.Schema, text []byte) error {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("no JSON: %w", err)
	}
	return s.Validate(v)
}

// TestSchema: the decoder and the schema agree on every case of the corpus, but
// for what the corpus says that a schema cannot.
func TestSchema(t *testing.T) {
	s := schema(t)
	counts := map[string]int{}
	for _, e := range corpus(t) {
		t.Run(e.name, func(t *testing.T) {
			counts[e.verdict]++
			if err := validate(s, []byte(e.text)); (err != nil) != (e.verdict == "reject") {
				t.Errorf("the schema says %v", err)
			}
			_, err := Parse([]byte(e.text))
			if e.verdict == "accept" {
				if err != nil {
					t.Errorf("the decoder says %v", err)
				}
				return
			}
			if err == nil || fault.From(err).Code != fault.InvalidManifest || !strings.HasPrefix(err.Error(), e.path+": ") {
				t.Errorf("the decoder says %v, want an error at %s", err, e.path)
			}
		})
	}
	for _, verdict := range []string{"accept", "reject", "decoder"} {
		if counts[verdict] == 0 {
			t.Errorf("the corpus has no case of %q", verdict)
		}
	}
}

// TestSchemaDescribesEveryKey: the schema has the keys of the decoder, in both
// spellings, and no others.
func TestSchemaDescribesEveryKey(t *testing.T) {
	s := schema(t)
	module := s.Properties["wasm"].Items2020.Ref
	memory := s.Properties["memory"].OneOf[1].Ref
	for _, tt := range []struct {
		name   string
		schema *jsonschema.Schema
		known  []string
	}{
		{"manifest", s, manifestKeys},
		{"module", module, moduleKeys},
		{"memory", memory, memoryKeys},
	} {
		want := map[string]bool{}
		for _, key := range tt.known {
			want[key] = true
			want[camelCase(key)] = true
		}
		for alias := range aliases {
			if canonical(alias, tt.known) != "" {
				want[alias] = true
			}
		}
		for key := range tt.schema.Properties {
			if !want[key] {
				t.Errorf("%s: only the schema knows %q", tt.name, key)
			}
			delete(want, key)
		}
		for key := range want {
			t.Errorf("%s: the schema does not know %q", tt.name, key)
		}
	}
}

func camelCase(key string) string {
	words := strings.Split(key, "_")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}
