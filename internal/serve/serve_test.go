package serve

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// site writes files into a new directory with a secret beside it, and returns
// a handler for the directory.
func site(t *testing.T, opts Options, files map[string]string) (*Handler, string) {
	t.Helper()
	parent := t.TempDir()
	if err := os.WriteFile(filepath.Join(parent, "secret.txt"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(parent, "dist")
	now := time.Now()
	for name, body := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, now, now); err != nil {
			t.Fatal(err)
		}
	}
	h, err := New(dir, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h, dir
}

func get(h http.Handler, path string, header ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.URL.Path = path // as a hostile client could send it, not cleaned
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestTypes(t *testing.T) {
	names := map[string]string{
		"extism.wasm":   "application/wasm",
		"extism.mjs":    "text/javascript; charset=utf-8",
		"extism.js":     "text/javascript; charset=utf-8",
		"extism.js.map": "application/json",
		"page.css":      "text/css; charset=utf-8",
		"index.html":    "text/html; charset=utf-8",
		"a/b.unknown":   "application/octet-stream",
	}
	files := map[string]string{}
	for n := range names {
		files[n] = "x"
	}
	h, _ := site(t, Options{}, files)
	for n, want := range names {
		r := get(h, "/"+n)
		if r.StatusCode != 200 || r.Header.Get("Content-Type") != want {
			t.Errorf("%s: status %d, type %q; want 200, %q", n, r.StatusCode, r.Header.Get("Content-Type"), want)
		}
	}
	if r := get(h, "/"); body(t, r) != "x" || r.Header.Get("Content-Type") != names["index.html"] {
		t.Error("/ is not index.html")
	}
}

func TestNothingOutsideTheDirectory(t *testing.T) {
	h, dir := site(t, Options{}, map[string]string{"index.html": "x", ".git/config": "hidden", "sub/a.txt": "a"})
	if err := os.Symlink("../secret.txt", filepath.Join(dir, "link.txt")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{
		"/../secret.txt", "/sub/../../secret.txt", "//../secret.txt", "/..secret",
		`/..\secret.txt`, "/\x00", "/link.txt", "/.git/config", "/sub/../.git/config",
		"/sub", "/sub/", "/missing.txt", "/index.html/", "/index.html/x",
	} {
		if r := get(h, p); r.StatusCode != http.StatusNotFound {
			t.Errorf("%q: status %d, body %q; want 404", p, r.StatusCode, body(t, r))
		}
	}
}

func TestBrotli(t *testing.T) {
	h, dir := site(t, Options{}, map[string]string{"a.wasm": "raw", "a.wasm.br": "compressed", "b.wasm": "raw"})
	for _, tc := range []struct{ name, accept, want string }{
		{"named", "gzip, br", "compressed"},
		{"named in capitals", "BR", "compressed"},
		{"weighted", "gzip;q=1, br;q=0.5", "compressed"},
		{"refused", "gzip, br;q=0", "raw"},
		{"refused with decimals", "br;q=0.000", "raw"},
		{"bad weight", "br;q=x", "raw"},
		{"wildcard", "*", "raw"},
		{"another coding", "gzip, brotli", "raw"},
		{"none", "", "raw"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := get(h, "/a.wasm", "Accept-Encoding", tc.accept)
			if got := body(t, r); got != tc.want {
				t.Errorf("body %q, want %q", got, tc.want)
			}
			if enc := r.Header.Get("Content-Encoding"); (enc == "br") != (tc.want == "compressed") {
				t.Errorf("Content-Encoding %q", enc)
			}
			if r.Header.Get("Content-Type") != "application/wasm" {
				t.Errorf("type %q", r.Header.Get("Content-Type"))
			}
			if r.Header.Get("Vary") != "Accept-Encoding" {
				t.Error("no Vary: Accept-Encoding")
			}
		})
	}
	if r := get(h, "/b.wasm", "Accept-Encoding", "br"); body(t, r) != "raw" || r.Header.Get("Content-Encoding") != "" {
		t.Error("a file without a compressed sibling is not sent as it is")
	}
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "a.wasm.br"), old, old); err != nil {
		t.Fatal(err)
	}
	if r := get(h, "/a.wasm", "Accept-Encoding", "br"); body(t, r) != "raw" {
		t.Error("a compressed file older than its source is used")
	}
}

func TestCaching(t *testing.T) {
	h, _ := site(t, Options{}, map[string]string{"a.js": "raw", "a.js.br": "compressed"})
	plain, br := get(h, "/a.js"), get(h, "/a.js", "Accept-Encoding", "br")
	tag := plain.Header.Get("ETag")
	if tag == "" || tag == br.Header.Get("ETag") {
		t.Errorf("tags %q and %q should be there and differ", tag, br.Header.Get("ETag"))
	}
	if cc := plain.Header.Get("Cache-Control"); cc != "no-cache" {
		t.Errorf("Cache-Control %q", cc)
	}
	if r := get(h, "/a.js", "If-None-Match", tag); r.StatusCode != http.StatusNotModified {
		t.Errorf("status %d for a known tag, want 304", r.StatusCode)
	}
	if r := get(h, "/a.js", "Accept-Encoding", "br", "If-None-Match", tag); r.StatusCode != http.StatusOK {
		t.Errorf("status %d for the tag of another representation, want 200", r.StatusCode)
	}
}

func TestIsolation(t *testing.T) {
	files := map[string]string{"index.html": "x"}
	on, _ := site(t, Options{Isolate: true}, files)
	off, _ := site(t, Options{}, files)
	r := get(on, "/")
	if r.Header.Get("Cross-Origin-Opener-Policy") != "same-origin" || r.Header.Get("Cross-Origin-Embedder-Policy") != "require-corp" {
		t.Error("isolation headers missing")
	}
	if get(off, "/").Header.Get("Cross-Origin-Opener-Policy") != "" {
		t.Error("isolation headers without -isolate")
	}
}

func TestMethods(t *testing.T) {
	h, _ := site(t, Options{}, map[string]string{"index.html": "x"})
	for method, want := range map[string]int{http.MethodHead: 200, http.MethodPost: 405, http.MethodDelete: 405} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, "/", nil))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", method, w.Code, want)
		}
		if w.Code == 200 && w.Body.Len() != 0 {
			t.Errorf("%s has a body", method)
		}
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- Run(ctx, ln, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }))
	}()
	r, err := http.Get("http://" + ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not return after its context ended")
	}
}
