package webserver

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// client follows no redirects, decompresses nothing and waits for nobody in vain.
func client(t *testing.T) *http.Client {
	c := &http.Client{
		Transport:     &http.Transport{DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

func get(t *testing.T, at string) (*http.Response, []byte) {
	t.Helper()
	resp, err := client(t).Get(at)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, all
}

func TestEchoAndRecord(t *testing.T) {
	s := Start(t)
	req, _ := http.NewRequest("PUT", s.Neighbour+"/echo?a=b", strings.NewReader("h\xffi"))
	req.Header.Add("X-Two", "1")
	req.Header.Add("X-Two", "2")
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var e Echo
	if err := json.NewDecoder(resp.Body).Decode(&e); err != nil {
		t.Fatal(err)
	}
	if e.Method != "PUT" || e.URL != "/echo?a=b" || "http://"+e.Host != s.Neighbour || string(e.Body) != "h\xffi" || e.Text != "" ||
		!slices.Equal(e.Headers["x-two"], []string{"1", "2"}) {
		t.Errorf("%+v", e)
	}
	r := s.Await(t, "/echo", 1)
	if aborted := r.Wait(t); aborted || r.Origin != s.Neighbour || r.Method != "PUT" || r.Query.Get("a") != "b" || string(r.Body) != "h\xffi" ||
		r.BodyBytes != 3 || r.Header.Get("X-Two") != "1" || r.Sent() == 0 {
		t.Errorf("%+v", r)
	}
	if len(s.Requests("/status")) != 0 || len(s.Requests("")) != 1 {
		t.Errorf("%d requests", len(s.Requests("")))
	}
	s.Forget()
	if len(s.Requests("")) != 0 {
		t.Error("not forgotten")
	}
}

func TestOriginsAreSeveral(t *testing.T) {
	s := Start(t)
	origins := []string{s.Home, s.Neighbour, s.Stranger}
	if s.V6 != "" {
		origins = append(origins, s.V6)
	}
	hosts := map[string]bool{}
	for _, o := range origins {
		if _, body := get(t, o+"/status?body=x"); string(body) != "x" {
			t.Errorf("%s: %q", o, body)
		}
		u, err := url.Parse(o)
		if err != nil {
			t.Fatal(err)
		}
		hosts[u.Hostname()] = true
	}
	if len(hosts) != len(origins)-1 || slices.ContainsFunc(s.Requests(""), func(r *Request) bool { return !slices.Contains(origins, r.Origin) }) {
		t.Errorf("%v", hosts)
	}
}

func TestStatus(t *testing.T) {
	s := Start(t)
	for _, code := range []int{200, 201, 204, 205, 206, 299, 300, 304, 400, 404, 418, 500, 599} {
		resp, body := get(t, s.Home+Path("/status", "code", strconv.Itoa(code), "body", "text"))
		if resp.StatusCode != code || (len(body) == 0) != (code == 204 || code == 304) {
			t.Errorf("%d: %s, %q", code, resp.Status, body)
		}
	}
	if resp, body := get(t, s.Home+"/status?code=103&body=x"); resp.StatusCode != 200 || string(body) != "x" {
		t.Errorf("103: %s, %q", resp.Status, body)
	}
	if resp, err := client(t).Get(s.Home + "/status?code=101"); err != nil || resp.StatusCode != 101 {
		t.Errorf("101: %v", err)
	} else {
		resp.Body.Close()
	}
	if resp, _ := get(t, s.Home+"/nothing"); resp.StatusCode != 404 {
		t.Errorf("nothing: %s", resp.Status)
	}
}

func TestRedirects(t *testing.T) {
	s := Start(t)
	for _, to := range []string{"", "/echo", "../x", "?y", "//127.0.0.2/", "file:///etc/passwd", "javascript:alert(1)", "data:,x", "http://[", "http://a b/"} {
		req, _ := http.NewRequest("GET", s.Home+Redirect("307", to), nil)
		resp, err := client(t).Transport.RoundTrip(req) // a client would read the Location
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header["Location"]; resp.StatusCode != 307 || len(got) != 1 || got[0] != to {
			t.Errorf("%q: %s, %q", to, resp.Status, got)
		}
	}
	follow := &http.Client{CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) > 11 {
			return errors.New("too many")
		}
		return nil
	}}
	t.Cleanup(follow.CloseIdleConnections)
	resp, err := follow.Post(s.Home+"/hops?n=11&status=307", "text/plain", strings.NewReader("sent"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if list := s.Requests("/hops"); len(list) != 12 || string(list[11].Body) != "sent" || list[11].Method != "POST" {
		t.Errorf("%d requests", len(list))
	}
	if _, err := follow.Get(s.Home + "/loop"); err == nil || len(s.Requests("/loop")) != 12 {
		t.Errorf("a loop of %d: %v", len(s.Requests("/loop")), err)
	}
	s.Forget()
	resp, err = follow.Get(s.Home + Redirect("302", s.Neighbour+Redirect("302", s.Stranger+"/echo")))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if list := s.Requests(""); len(list) != 3 || list[2].Origin != s.Stranger {
		t.Errorf("%d requests", len(list))
	}
}

func TestBytes(t *testing.T) {
	s := Start(t)
	const n = 200_000
	for coding, open := range map[string]func(io.Reader) io.Reader{
		"":        func(r io.Reader) io.Reader { return r },
		"gzip":    func(r io.Reader) io.Reader { z, _ := gzip.NewReader(r); return z },
		"deflate": func(r io.Reader) io.Reader { return flate.NewReader(r) },
		"br":      func(r io.Reader) io.Reader { return brotli.NewReader(r) },
	} {
		resp, body := get(t, s.Home+Path("/bytes", "n", strconv.Itoa(n), "coding", coding))
		all, err := io.ReadAll(open(bytes.NewReader(body)))
		if err != nil || !bytes.Equal(all, Bytes(0, n)) || resp.Header.Get("Content-Encoding") != coding {
			t.Errorf("%q: %d bytes, %v", coding, len(all), err)
		}
		if coding == "" != (resp.ContentLength == n) {
			t.Errorf("%q: length %d", coding, resp.ContentLength)
		}
		if coding != "" && len(body) > n/10 {
			t.Errorf("%q: %d bytes are sent", coding, len(body))
		}
	}
	for _, n := range []int{0, 1, stretch, stretch + 1} {
		resp, body := get(t, s.Home+Path("/bytes", "chunked", "1", "n", strconv.Itoa(n)))
		if !bytes.Equal(body, Bytes(0, n)) || resp.ContentLength >= 0 {
			t.Errorf("%d chunked: %d bytes, length %d", n, len(body), resp.ContentLength)
		}
	}
	resp, err := client(t).Head(s.Home + "/bytes?n=60000000")
	if err != nil || resp.ContentLength != 60_000_000 {
		t.Errorf("HEAD: %v", err)
	}
	resp.Body.Close()
}

// TestBombIsSmallOnTheWire takes as much apart as a client should not.
func TestBombIsSmallOnTheWire(t *testing.T) {
	s := Start(t)
	_, body := get(t, s.Home+"/bytes?n=60000000&coding=gzip")
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, z)
	if err != nil || n != 60_000_000 || len(body) > 1<<20 {
		t.Errorf("%d bytes of %d: %v", n, len(body), err)
	}
}

func TestHeaders(t *testing.T) {
	s := Start(t)
	resp, _ := get(t, s.Home+Path("/headers", "h", "X-A: 1", "h", "x-a: 2", "h", "Set-Cookie: a=1, b", "h", "Set-Cookie: c=2", "cors", "none"))
	if !slices.Equal(resp.Header["X-A"], []string{"1", "2"}) || !slices.Equal(resp.Header["Set-Cookie"], []string{"a=1, b", "c=2"}) {
		t.Errorf("%v", resp.Header)
	}
	if resp.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("readable from other origins")
	}
	if resp, _ := get(t, s.Home+"/headers"); resp.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Error("not readable from other origins")
	}
}

func TestPreflightsAreKeptApart(t *testing.T) {
	s := Start(t)
	req, _ := http.NewRequest("OPTIONS", s.Home+"/echo", nil)
	req.Header.Set("Access-Control-Request-Method", "PUT")
	resp, err := client(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 204 || !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "authorization") {
		t.Errorf("%s %v", resp.Status, resp.Header)
	}
	if len(s.Requests("")) != 0 || len(s.Preflights("/echo")) != 1 {
		t.Error("counted among the requests")
	}
}

func TestUntrueLength(t *testing.T) {
	s := Start(t)
	resp, err := client(t).Get(s.Home + "/length?declared=100&sent=50")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); !errors.Is(err, io.ErrUnexpectedEOF) || len(body) != 50 {
		t.Errorf("too long: %d bytes, %v", len(body), err)
	}
	if _, body := get(t, s.Home+"/length?declared=50&sent=100"); len(body) != 50 {
		t.Errorf("too short: %d bytes", len(body))
	}
}

func TestReset(t *testing.T) {
	s := Start(t)
	if resp, err := client(t).Get(s.Home + "/reset"); err == nil {
		resp.Body.Close()
		t.Error("an answer")
	}
	resp, err := client(t).Get(s.Home + "/reset?sent=10&gate=reset")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	part := make([]byte, 10)
	if _, err := io.ReadFull(resp.Body, part); err != nil || !bytes.Equal(part, Bytes(0, 10)) {
		t.Errorf("%v, %v", part, err)
	}
	s.Gate("reset").Open()
	if _, err := resp.Body.Read(part); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("behind the part: %v", err)
	}
}

func TestRaw(t *testing.T) {
	s := Start(t)
	for _, text := range []string{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nA\x00b: c\r\n\r\nok", "garbage", "", "HTTP/1.1 200 OK\r\n"} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.Home, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(conn, "GET "+Path("/raw", "bytes", text)+" HTTP/1.1\r\nHost: a\r\n\r\n")
		if got, err := io.ReadAll(conn); err != nil || string(got) != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
		conn.Close()
	}
}

func TestDripWaitsForEachStep(t *testing.T) {
	s := Start(t)
	resp, err := client(t).Get(s.Home + "/drip?n=4&gate=drip")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	g, r := s.Gate("drip"), s.Await(t, "/drip", 1)
	one := make([]byte, 1)
	for i := range 3 {
		g.Arrived(t)
		if r.Sent() != int64(i) {
			t.Errorf("%d bytes after %d steps", r.Sent(), i)
		}
		g.Step(1)
		if _, err := io.ReadFull(resp.Body, one); err != nil || one[0] != byte(i) {
			t.Fatalf("byte %d: %v, %v", i, one, err)
		}
	}
	g.Open()
	if rest, err := io.ReadAll(resp.Body); err != nil || len(rest) != 1 || r.Wait(t) {
		t.Errorf("the rest: %v, %v", rest, err)
	}
}

func TestHeld(t *testing.T) {
	s := Start(t)
	for _, at := range []string{"headers", "body"} {
		got := make(chan error, 1)
		go func() {
			resp, err := client(t).Get(s.Home + Path("/held", "gate", at, "at", at))
			got <- err
			if err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}()
		s.Gate(at).Arrived(t)
		if at == "body" {
			if err := <-got; err != nil {
				t.Fatal(err)
			}
		} else if len(got) > 0 {
			t.Error("headers before the gate was opened")
		}
		s.Gate(at).Open()
		if at == "headers" {
			if err := <-got; err != nil {
				t.Fatal(err)
			}
		}
	}
	for i := range 2 {
		if s.Await(t, "/held", i+1).Wait(t) {
			t.Error("aborted")
		}
	}
}

func TestClientThatLeavesIsSeen(t *testing.T) {
	s := Start(t)
	for _, path := range []string{"/endless", "/held?gate=never", "/held?gate=never2&at=body", "/drip?gate=never3", "/bytes?n=1000000000"} {
		s.Forget()
		ctx, cancel := context.WithCancel(context.Background())
		req, _ := http.NewRequestWithContext(ctx, "GET", s.Home+path, nil)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if resp, err := client(t).Do(req); err == nil {
				defer resp.Body.Close()
				<-ctx.Done()
			}
		}()
		name, _, _ := strings.Cut(path, "?")
		r := s.Await(t, name, 1)
		cancel()
		<-done
		if !r.Wait(t) {
			t.Errorf("%s: not aborted", path)
		}
	}
}

// TestCloseEndsAll: whatever an answer waits for, the end of a test is the end of
// it.
func TestCloseEndsAll(t *testing.T) {
	s := Start(t)
	var ends []chan struct{}
	for i, path := range []string{"/held?gate=a", "/held?gate=b&at=body", "/drip?gate=c", "/endless", "/reset?sent=1&gate=d"} {
		end := make(chan struct{})
		ends = append(ends, end)
		go func() {
			defer close(end)
			if resp, err := client(t).Get(s.Home + path); err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		}()
		s.Await(t, "", i+1)
	}
	s.Close()
	for i, r := range s.Requests("") {
		if r.Wait(t); i < len(ends) {
			<-ends[i]
		}
	}
	if _, err := client(t).Get(s.Home + "/echo"); err == nil {
		t.Error("it still answers")
	}
	s.Close()
}

func TestBodyIsBounded(t *testing.T) {
	s := Start(t)
	resp, err := client(t).Post(s.Home+"/status", "", bytes.NewReader(make([]byte, 2<<20)))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if r := s.Await(t, "/status", 1); len(r.Body) != keptBody || r.BodyBytes != 2<<20 {
		t.Errorf("kept %d of %d", len(r.Body), r.BodyBytes)
	}
}
