package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/extism-js/extism-js/internal/build"
	"github.com/extism-js/extism-js/internal/serve"
)

// root is the module's root, from this package.
const root = ".."

// dist is the directory under test and site the server for it; TestMain sets
// them.
var (
	dist string
	site *httptest.Server
)

func TestMain(m *testing.M) {
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	var err error
	if dist, err = buildDist(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	files, err := serve.New(dist, serve.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer files.Close()
	site = httptest.NewServer(routes(files))
	defer site.Close()
	code := m.Run()
	os.RemoveAll(failingCore.dir)
	if err := closeBrowser(); err != nil {
		fmt.Fprintln(os.Stderr, "closing the browser:", err)
		return 1
	}
	return code
}

// buildDist builds what is tested, or takes what EXTISM_DIST names.
func buildDist() (string, error) {
	if dir := os.Getenv("EXTISM_DIST"); dir != "" {
		return filepath.Abs(dir)
	}
	dir, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	res, err := build.Run(context.Background(), build.Options{Root: dir, Out: "dist"})
	if err != nil {
		return "", err
	}
	return res.Out, nil
}

// testFiles is where the server has this package's own files; handlers that
// single tests add live below it too.
const testFiles = "/-/"

// routes puts the files of the tests beside those of the site.
func routes(files http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", files)
	mux.Handle(testFiles, http.StripPrefix(testFiles, http.HandlerFunc(serveTestFile)))
	return mux
}

var (
	extraMu sync.Mutex
	extra   = map[string]http.HandlerFunc{}
)

// handle serves a path below [testFiles] for the rest of the test.
func handle(t *testing.T, name string, h http.HandlerFunc) {
	extraMu.Lock()
	defer extraMu.Unlock()
	extra[name] = h
	t.Cleanup(func() {
		extraMu.Lock()
		defer extraMu.Unlock()
		delete(extra, name)
	})
}

// icon begins a page for which the browser does not ask for a /favicon.ico.
const icon = `<!doctype html><link rel="icon" href="data:,">`

func serveTestFile(w http.ResponseWriter, r *http.Request) {
	extraMu.Lock()
	h := extra[r.URL.Path]
	extraMu.Unlock()
	if h != nil {
		h(w, r)
		return
	}
	switch r.URL.Path {
	case "blank.html":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, icon+"<title>blank</title>")
	case "runtime.html":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, icon+`<title>runtime</title><script src="/extism.js"></script>`)
	case "corpus.mjs":
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, "corpus.mjs")
	default:
		http.NotFound(w, r)
	}
}

// missing skips a test that lacks something, or fails it where all is required.
func missing(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("EXTISM_E2E") == "required" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// program finds a program, by path or in PATH.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, n := range names {
		if p, err := exec.LookPath(n); err == nil {
			return p
		}
	}
	missing(t, "none of %q is installed", names)
	return ""
}
