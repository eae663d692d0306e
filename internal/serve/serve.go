// Package serve is the small static server behind `extism-js serve` and the
// browser tests: what a page of the runtime needs, and nothing else.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
)

// Options change how a [Handler] answers. The zero value is fine.
type Options struct {
	// Isolate makes pages cross-origin isolated, which SharedArrayBuffer needs
	// (HTML standard, "cross-origin isolation mode").
	Isolate bool
}

// Handler serves the files below one directory. A file with a sibling `.br` is
// sent compressed to clients that accept it. It answers GET and HEAD, lists no
// directories, and hides names that start with a dot.
type Handler struct {
	root *os.Root
	opts Options
}

// New opens dir for serving. It fails if dir is not a directory. [Handler.Close]
// gives the directory back.
func New(dir string, opts Options) (*Handler, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	return &Handler{root: root, opts: opts}, nil
}

// Close releases the directory; later requests fail.
func (h *Handler) Close() error { return h.root.Close() }

// mimeTypes are the types that matter here. The system's table is not asked:
// it differs between machines, and a module script with a wrong type does not
// load.
var mimeTypes = map[string]string{
	".br":   "application/octet-stream",
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".ico":  "image/x-icon",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".map":  "application/json",
	".md":   "text/markdown; charset=utf-8",
	".mjs":  "text/javascript; charset=utf-8",
	".png":  "image/png",
	".svg":  "image/svg+xml",
	".ts":   "text/plain; charset=utf-8",
	".txt":  "text/plain; charset=utf-8",
	".wasm": "application/wasm",
	".wat":  "text/plain; charset=utf-8",
}

func contentType(name string) string {
	if t, ok := mimeTypes[path.Ext(name)]; ok {
		return t
	}
	return "application/octet-stream"
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	name, ok := fileName(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	f, info, err := h.open(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer func() { f.Close() }()

	hd := w.Header()
	hd.Set("Content-Type", contentType(name))
	hd.Set("Cache-Control", "no-cache")
	hd.Set("X-Content-Type-Options", "nosniff")
	if h.opts.Isolate {
		hd.Set("Cross-Origin-Opener-Policy", "same-origin")
		hd.Set("Cross-Origin-Embedder-Policy", "require-corp")
		hd.Set("Cross-Origin-Resource-Policy", "same-origin")
	}
	suffix := ""
	if br, brInfo, err := h.open(name + ".br"); err == nil {
		hd.Set("Vary", "Accept-Encoding")
		// A compressed file that is older than its source is a leftover.
		if acceptsBrotli(r.Header) && !brInfo.ModTime().Before(info.ModTime()) {
			f.Close()
			f, info, suffix = br, brInfo, "-br"
			hd.Set("Content-Encoding", "br")
		} else {
			br.Close()
		}
	}
	hd.Set("ETag", etag(info, suffix))
	http.ServeContent(w, r, name, info.ModTime(), f)
}

// fileName turns a request's path into a name below the root. os.Root would
// refuse to leave the directory anyway; this also refuses hidden files.
func fileName(urlPath string) (name string, ok bool) {
	if strings.ContainsAny(urlPath, "\\\x00") {
		return "", false
	}
	name = strings.TrimPrefix(path.Clean("/"+urlPath), "/")
	if name == "" || strings.HasSuffix(urlPath, "/") {
		name = path.Join(name, "index.html")
	}
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") {
			return "", false
		}
	}
	return name, true
}

// open opens a regular file.
func (h *Handler) open(name string) (*os.File, fs.FileInfo, error) {
	f, err := h.root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrInvalid
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// etag names one version of one representation of a file. Time and size are
// enough: the build leaves files alone whose content did not change.
func etag(info fs.FileInfo, suffix string) string {
	return `"` + strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" +
		strconv.FormatInt(info.Size(), 36) + suffix + `"`
}

// acceptsBrotli reads Accept-Encoding (RFC 9110 §12.5.3): br must be named and
// must not have a weight of zero. A wildcard is not enough, to be safe.
func acceptsBrotli(hd http.Header) bool {
	for _, line := range hd.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(line, ",") {
			coding, params, _ := strings.Cut(item, ";")
			if !strings.EqualFold(strings.TrimSpace(coding), "br") {
				continue
			}
			weight, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(params)), "q=")
			if !ok {
				return true
			}
			q, err := strconv.ParseFloat(weight, 64)
			return err == nil && q > 0
		}
	}
	return false
}

// Run serves h on ln until ctx ends, then lets running requests finish for at
// most three seconds. It closes ln. A stop because of ctx is not an error.
func Run(ctx context.Context, ln net.Listener, h http.Handler) error {
	srv := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	err := srv.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		err = srv.Close()
	}
	<-done
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
