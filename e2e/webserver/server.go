// Package webserver is what plug-ins' requests are tested against: a server that
// is several origins at once, on this machine only, and that can do all that a
// client should be able to stand, from an answer that never ends to one that is
// no HTTP. It keeps what it has been asked, so that tests see what was sent and
// what was not, and it waits at gates that tests open, so that none depends on
// how fast a machine is.
//
// What there is to ask for, all by any method; numbers have upper limits:
//
//	/echo                     the request as JSON: see [Echo]
//	/status?code=&body=       a status from 100 to 599
//	/headers?h=Name:+Value    headers, one h for each, in their order
//	/redirect?to=&status=     a Location exactly as it is given
//	/hops?n=&status=          n redirects, each relative to the last, then /echo
//	/loop?status=             a redirect to itself
//	/bytes?n=&coding=&chunked=  n bytes, see [Bytes]; gzip, deflate or br; without a length
//	/endless                  bytes until the client leaves
//	/drip?n=&gate=            n bytes one by one, each through the gate
//	/held?gate=&at=           a short answer that waits at the gate; at=body: after the headers
//	/length?declared=&sent=   a length that is not true
//	/reset?sent=              the connection reset after so many bytes of the body; without sent, before any answer
//	/raw?bytes=               these bytes, whatever they are
//
// Any origin may read all answers, but with cors=none no other may; /raw has the
// headers that are given and no others.
package webserver

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"
)

// Server is several origins. Paths are the same on all.
type Server struct {
	Home      string // "http://127.0.0.1:PORT"
	Neighbour string // the same host with another port
	Stranger  string // another host: 127.0.0.2, or localhost where there is no such address
	V6        string // [::1], or "" where there is no IPv6

	ctx     context.Context
	stop    context.CancelFunc
	servers []*http.Server
	running sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	requests []*Request
	arrived  chan struct{} // closed, and made anew, when one comes
	gates    map[string]*Gate
	hijacked map[net.Conn]bool
}

// Start starts a server that stops when the test ends, and whatever it is doing
// with it.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{arrived: make(chan struct{}), gates: map[string]*Gate{}, hijacked: map[net.Conn]bool{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	t.Cleanup(s.Close)
	var err error
	if s.Home, err = s.listen("127.0.0.1", ""); err != nil {
		t.Fatal(err)
	}
	if s.Neighbour, err = s.listen("127.0.0.1", ""); err != nil {
		t.Fatal(err)
	}
	if s.Stranger, err = s.listen("127.0.0.2", ""); err != nil {
		if s.Stranger, err = s.listen("127.0.0.1", "localhost"); err != nil {
			t.Fatal(err)
		}
	}
	s.V6, _ = s.listen("::1", "")
	return s
}

// listen starts one origin, which calls itself by name if it has one.
func (s *Server) listen(address, name string) (origin string, err error) {
	ln, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		return "", err
	}
	host := ln.Addr().String()
	if name != "" {
		_, port, _ := net.SplitHostPort(host)
		host = net.JoinHostPort(name, port)
	}
	origin = "http://" + host
	srv := &http.Server{
		Handler:           s.handler(origin),
		BaseContext:       func(net.Listener) context.Context { return s.ctx },
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
	s.servers = append(s.servers, srv)
	s.running.Go(func() { srv.Serve(ln) })
	return origin, nil
}

// Close ends all answers and connections, and waits for that.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for conn := range s.hijacked {
		conn.Close()
	}
	s.mu.Unlock()
	s.stop()
	for _, srv := range s.servers {
		srv.Close()
	}
	s.running.Wait()
}

// begin counts an answer in, if the server is not closed.
func (s *Server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.running.Add(1)
	}
	return !s.closed
}

// Path gives a path with its query: names and values in turn.
func Path(path string, query ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(query); i += 2 {
		v.Add(query[i], query[i+1])
	}
	if len(v) == 0 {
		return path
	}
	return path + "?" + v.Encode()
}

// Redirect gives the path of a redirect, to chain them across origins.
func Redirect(status, to string) string { return Path("/redirect", "status", status, "to", to) }
