package webserver

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// hijack takes the connection over. It is closed when the answer or the test
// ends.
func (a *answer) hijack() (conn net.Conn, done func()) {
	conn, _, err := http.NewResponseController(a.w).Hijack()
	if err != nil {
		a.leave()
	}
	a.mu.Lock()
	a.hijacked[conn] = true
	if a.closed {
		conn.Close()
	}
	a.mu.Unlock()
	conn.SetDeadline(time.Now().Add(patience))
	return conn, func() {
		conn.Close()
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.hijacked, conn)
	}
}

// send writes to a connection that has been taken over.
func (a *answer) send(conn net.Conn, p []byte) {
	n, _ := conn.Write(p)
	a.rec.sent.Add(int64(n))
}

// head gives an answer's first line and headers; other headers may follow the
// status.
func (a *answer) head(status string) string {
	h := http.Header{}
	a.cors(h)
	var b strings.Builder
	h.Write(&b)
	return "HTTP/1.1 " + status + b.String() + "Content-Type: application/octet-stream\r\n\r\n"
}

func (a *answer) rawHead(status string) {
	conn, done := a.hijack()
	defer done()
	a.send(conn, []byte(a.head(status)))
}

func (a *answer) length() {
	conn, done := a.hijack()
	defer done()
	head := a.head(fmt.Sprintf("200 OK\r\nConnection: close\r\nContent-Length: %s\r\n", a.query.Get("declared")))
	a.send(conn, append([]byte(head), Bytes(0, a.number("sent", 0, keptBody))...))
}

func (a *answer) reset() {
	conn, done := a.hijack()
	defer done()
	if a.query.Has("sent") {
		n := a.number("sent", 0, keptBody)
		head := a.head(fmt.Sprintf("200 OK\r\nContent-Length: %d\r\n", n+1000))
		a.send(conn, append([]byte(head), Bytes(0, n)...))
		// A reset drops what the other side has not read yet, so the test says when.
		a.pass(a.r.Context(), a.query.Get("gate"))
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

func (a *answer) raw() {
	conn, done := a.hijack()
	defer done()
	a.send(conn, []byte(a.query.Get("bytes")))
}
