package webserver

import (
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/andybalholm/brotli"
)

// maxBytes is the longest body of an answer, before compression: 1 GiB.
const maxBytes = 1 << 30

// An answer is one request on its way through the server.
type answer struct {
	*Server
	w     http.ResponseWriter
	r     *http.Request
	rec   *Request
	query url.Values
}

var answers = map[string]func(*answer){
	"/echo":     (*answer).echo,
	"/status":   (*answer).status,
	"/headers":  (*answer).headers,
	"/redirect": (*answer).redirect,
	"/hops":     (*answer).hops,
	"/loop":     (*answer).loop,
	"/bytes":    (*answer).bytes,
	"/endless":  (*answer).endless,
	"/drip":     (*answer).drip,
	"/held":     (*answer).held,
	"/length":   (*answer).length,
	"/reset":    (*answer).reset,
	"/raw":      (*answer).raw,
}

func (s *Server) handler(origin string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.begin() {
			return
		}
		defer s.running.Done()
		a := &answer{Server: s, w: w, r: r, rec: s.record(origin, r), query: r.URL.Query()}
		defer func() {
			a.rec.aborted.Store(a.rec.aborted.Load() || r.Context().Err() != nil)
			close(a.rec.ended)
		}()
		a.cors(w.Header())
		f := answers[r.URL.Path]
		switch {
		case a.rec.Preflight:
			w.WriteHeader(http.StatusNoContent)
		case f == nil:
			http.NotFound(w, r)
		default:
			f(a)
		}
	})
}

// cors lets other origins read the answer (Fetch standard, "CORS protocol").
func (a *answer) cors(h http.Header) {
	if a.query.Get("cors") == "none" {
		return
	}
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "*")
	h.Set("Access-Control-Allow-Headers", "*, authorization") // the star does not stand for that one
	h.Set("Access-Control-Expose-Headers", "*")
	h.Set("Access-Control-Allow-Private-Network", "true")
}

// number gives a number of the query, within its limits.
func (a *answer) number(name string, otherwise, most int) int {
	n, err := strconv.Atoi(a.query.Get(name))
	if err != nil {
		n = otherwise
	}
	return min(max(n, 0), most)
}

// leave ends an answer in the middle.
func (a *answer) leave() {
	a.rec.aborted.Store(true)
	panic(http.ErrAbortHandler)
}

func (a *answer) write(p []byte) {
	n, err := a.w.Write(p)
	a.rec.sent.Add(int64(n))
	if err != nil {
		a.leave()
	}
}

func (a *answer) flush() {
	if http.NewResponseController(a.w).Flush() != nil {
		a.leave()
	}
}

// Echo is what /echo answers.
type Echo struct {
	Method  string              `json:"method"`
	URL     string              `json:"url"`     // path and query
	Host    string              `json:"host"`    // the Host header
	Headers map[string][]string `json:"headers"` // names in lower case
	Text    string              `json:"text"`    // the body, if it is UTF-8; up to 1 MiB
	Body    []byte              `json:"body"`    // the same in base64
}

func (a *answer) echo() {
	e := Echo{Method: a.r.Method, URL: a.r.RequestURI, Host: a.r.Host, Headers: map[string][]string{}, Body: a.rec.Body}
	for name, values := range a.r.Header {
		e.Headers[strings.ToLower(name)] = values
	}
	if utf8.Valid(e.Body) {
		e.Text = string(e.Body)
	}
	text, _ := json.Marshal(e)
	a.w.Header().Set("Content-Type", "application/json")
	a.write(text)
}

func (a *answer) status() {
	code := min(max(a.number("code", 200, 599), 100), 599)
	if code == http.StatusSwitchingProtocols {
		a.rawHead("101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: test\r\n")
		return
	}
	a.w.Header().Set("Content-Type", "text/plain")
	a.w.WriteHeader(code) // one below 200 only precedes the answer
	if code != http.StatusNoContent && code != http.StatusNotModified {
		a.write([]byte(a.query.Get("body")))
	}
}

func (a *answer) headers() {
	for _, h := range a.query["h"] {
		name, value, _ := strings.Cut(h, ":")
		a.w.Header().Add(name, strings.TrimSpace(value))
	}
	a.write([]byte("headers"))
}

func (a *answer) redirectTo(to string) {
	a.w.Header()["Location"] = []string{to} // as it is
	a.w.WriteHeader(min(max(a.number("status", 302, 399), 300), 399))
	a.write([]byte("redirect"))
}

func (a *answer) redirect() { a.redirectTo(a.query.Get("to")) }

func (a *answer) hops() {
	n := a.number("n", 0, 1000)
	if n == 0 {
		a.echo()
		return
	}
	q := a.r.URL.Query()
	q.Set("n", strconv.Itoa(n-1))
	a.redirectTo("?" + q.Encode())
}

func (a *answer) loop() { a.redirectTo(a.r.RequestURI) }

// Bytes gives n bytes from the i-th on of what /bytes, /endless and /drip send:
// each is its place modulo 251.
func Bytes(i, n int) []byte {
	p := make([]byte, n)
	for j := range p {
		p[j] = byte((i + j) % 251)
	}
	return p
}

// stretch is how much is written at once: a multiple of 251, so that all are the
// same.
const stretch = 251 << 8

func (a *answer) bytes() {
	n := a.number("n", 0, maxBytes)
	h := a.w.Header()
	h.Set("Content-Type", "application/octet-stream")
	coding := a.query.Get("coding")
	if coding != "" {
		h.Set("Content-Encoding", coding)
	} else if a.query.Get("chunked") == "" {
		h.Set("Content-Length", strconv.Itoa(n))
	}
	if a.r.Method == http.MethodHead {
		return
	}
	if coding == "" && a.query.Get("chunked") != "" {
		a.flush() // or a short answer would have a length
	}
	out := a.encoder(coding)
	for p := Bytes(0, stretch); n > 0 && a.r.Context().Err() == nil; n -= stretch {
		if _, err := out.Write(p[:min(n, stretch)]); err != nil {
			a.leave()
		}
	}
	out.Close()
}

// body is the answer's body as a writer.
type body struct{ *answer }

func (b body) Write(p []byte) (int, error) { b.write(p); return len(p), nil }
func (b body) Close() error                { return nil }

func (a *answer) encoder(coding string) io.WriteCloser {
	switch coding {
	case "gzip":
		return gzip.NewWriter(body{a})
	case "br":
		return brotli.NewWriterLevel(body{a}, 4)
	case "deflate":
		w, _ := flate.NewWriter(body{a}, flate.DefaultCompression)
		return w
	}
	return body{a}
}

func (a *answer) endless() {
	a.w.Header().Set("Content-Type", "application/octet-stream")
	for p, n := Bytes(0, stretch), 0; n < maxBytes; n += stretch {
		if a.r.Context().Err() != nil {
			a.leave()
		}
		a.write(p)
		a.flush()
	}
}

func (a *answer) drip() {
	a.w.Header().Set("Content-Type", "application/octet-stream")
	a.flush()
	for i := range a.number("n", 1, maxSteps) {
		if !a.pass(a.r.Context(), a.query.Get("gate")) {
			a.leave()
		}
		a.write(Bytes(i, 1))
		a.flush()
	}
}

func (a *answer) held() {
	if a.query.Get("at") == "body" {
		a.flush()
	}
	if !a.pass(a.r.Context(), a.query.Get("gate")) {
		a.leave()
	}
	fmt.Fprint(body{a}, "released")
}
