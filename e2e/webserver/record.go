package webserver

import (
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

const (
	// keptBody is how much of a request's body is kept.
	keptBody = 1 << 20
	// maxBody is how much of one is read.
	maxBody = 128 << 20
	// patience is when a test that waits for something gives up. It decides how
	// long a failure takes, and nothing else.
	patience = 30 * time.Second
)

// Request is one that the server has got.
type Request struct {
	Origin    string // to which of the server's
	Method    string
	Path      string
	Query     url.Values
	Host      string // the Host header
	Header    http.Header
	Body      []byte // up to 1 MiB of it
	BodyBytes int64  // how long it was
	Preflight bool   // the browser asks whether it may

	sent    atomic.Int64
	aborted atomic.Bool
	ended   chan struct{}
}

// Sent is how many bytes of body the server has written so far; some may not
// have gone out.
func (r *Request) Sent() int64 { return r.sent.Load() }

// Wait waits until the server has done with the request, and reports whether the
// client left before the answer's end.
func (r *Request) Wait(t testing.TB) (aborted bool) {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(patience):
		t.Fatalf("%s %s has not ended", r.Method, r.Path)
	}
	return r.aborted.Load()
}

// record takes a request down, with its body.
func (s *Server) record(origin string, r *http.Request) *Request {
	rec := &Request{
		Origin: origin, Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Host: r.Host, Header: r.Header.Clone(),
		Preflight: r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "",
		ended:     make(chan struct{}),
	}
	body := io.LimitReader(r.Body, maxBody)
	rec.Body, _ = io.ReadAll(io.LimitReader(body, keptBody))
	more, _ := io.Copy(io.Discard, body)
	rec.BodyBytes = int64(len(rec.Body)) + more
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, rec)
	close(s.arrived)
	s.arrived = make(chan struct{})
	return rec
}

// Requests gives what has come for a path, or, for "", for any; without
// preflights.
func (s *Server) Requests(path string) []*Request {
	list, _ := s.received(path, false)
	return list
}

// Preflights gives the preflights for a path.
func (s *Server) Preflights(path string) []*Request {
	list, _ := s.received(path, true)
	return list
}

func (s *Server) received(path string, preflights bool) (list []*Request, more chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list = slices.DeleteFunc(slices.Clone(s.requests), func(r *Request) bool {
		return r.Preflight != preflights || path != "" && r.Path != path
	})
	return list, s.arrived
}

// Await waits for the n-th request for a path and gives it.
func (s *Server) Await(t testing.TB, path string, n int) *Request {
	t.Helper()
	for deadline := time.After(patience); ; {
		list, more := s.received(path, false)
		if len(list) >= n {
			return list[n-1]
		}
		select {
		case <-more:
		case <-deadline:
			t.Fatalf("only %d of %d requests for %s have come", len(list), n, path)
		}
	}
}

// Forget forgets all requests so far.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}
