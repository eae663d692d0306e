package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"testing"

	"github.com/extism-js/extism-js/e2e/webserver"
	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// The same guest natively: what JavaScript's fetch does there, net/http does here.

// nativeHTTP makes plug-ins of rules/guests/http.wat.
func nativeHTTP(t *testing.T) func(m manifest.Manifest, o manifest.Options) *wazeroengine.Plugin {
	e, err := wazeroengine.New(t.Context(), wazeroengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close(context.Background()) })
	data, err := os.ReadFile("rules/guests/http.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return func(m manifest.Manifest, o manifest.Options) *wazeroengine.Plugin {
		m.Wasm = make([]manifest.Wasm, 1)
		p, err := e.NewPlugin(t.Context(), wazeroengine.Config{Modules: [][]byte{data}, Manifest: &m, Options: &o})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Close(context.Background()) })
		return p
	}
}

// nativeAnswer is what the guest got.
type nativeAnswer struct {
	status  int
	headers map[string]string
	body    []byte
}

func nativeSend(t *testing.T, p *wazeroengine.Plugin, request map[string]any, body string) (nativeAnswer, error) {
	t.Helper()
	text, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		text = append(append(text, 0), body...)
	}
	result, err := p.Call(t.Context(), "send", text)
	if err != nil {
		return nativeAnswer{}, err
	}
	n := binary.LittleEndian.Uint64(result.Output[8:])
	a := nativeAnswer{status: int(binary.LittleEndian.Uint64(result.Output)), body: result.Output[16+n:]}
	if n > 0 {
		if err := json.Unmarshal(result.Output[16:16+n], &a.headers); err != nil {
			t.Fatal(err)
		}
	}
	return a, nil
}

func TestHTTPNatively(t *testing.T) {
	s := webserver.Start(t)
	create := nativeHTTP(t)
	limit := uint64(1000)
	p := create(manifest.Manifest{AllowedHosts: []string{"127.0.0.1"}, Memory: manifest.Memory{MaxHTTPResponseBytes: &limit}}, manifest.Options{LogLevel: manifest.LogOff})
	closed := fmt.Sprintf("http://127.0.0.1:%d/", closedPort(t))
	path := webserver.Path
	for _, tt := range []struct {
		name, url string
		status    int
		code      fault.Code
	}{
		{"an answer", s.Home + path("/status", "body", "x"), 200, ""},
		{"not found", s.Home + path("/status", "code", "404", "body", "x"), 404, ""},
		{"no content", s.Home + path("/status", "code", "204"), 204, ""},
		{"a port", s.Neighbour + path("/status"), 200, ""},
		{"a denied host", s.Stranger + path("/echo", "by", "guest"), 0, fault.HTTPDenied},
		{"a file", "file:///etc/passwd", 0, fault.HTTPDenied},
		{"a password", "http://u:p@127.0.0.1/", 0, fault.HTTPDenied},
		{"no URL", "http://[", 0, fault.HTTPInvalid},
		{"a relative URL", "/echo", 0, fault.HTTPInvalid},
		{"an international name", "http://b\u00fccher.example/", 0, fault.HTTPInvalid},
		{"a name that net/http would make another of", "http://\uff11\uff12\uff17.0.0.1/", 0, fault.HTTPInvalid},
		{"a redirect", s.Home + webserver.Redirect("302", "/status"), 200, ""},
		{"a redirect to a port", s.Home + webserver.Redirect("307", s.Neighbour+"/status"), 200, ""},
		{"a redirect to a denied host", s.Home + webserver.Redirect("302", s.Stranger+"/echo"), 0, fault.HTTPDenied},
		{"a redirect to a file", s.Home + webserver.Redirect("302", "file:///etc/passwd"), 0, fault.HTTPDenied},
		{"a redirect to data", s.Home + webserver.Redirect("302", "data:,x"), 0, fault.HTTPDenied},
		{"a redirect to a script", s.Home + webserver.Redirect("302", "javascript:x"), 0, fault.HTTPDenied},
		{"a redirect to what is no URL", s.Home + webserver.Redirect("302", "http://["), 0, fault.HTTPFailed},
		{"a 302 without a Location", s.Home + path("/status", "code", "302"), 302, ""},
		{"10 redirects", s.Home + path("/hops", "n", "10"), 200, ""},
		{"11 redirects", s.Home + path("/hops", "n", "11"), 0, fault.HTTPFailed},
		{"a loop", s.Home + "/loop", 0, fault.HTTPFailed},
		{"a body at the limit", s.Home + path("/bytes", "n", "1000"), 200, ""},
		{"a body beyond it", s.Home + path("/bytes", "n", "1001"), 0, fault.HTTPTooLarge},
		{"one in chunks", s.Home + path("/bytes", "n", "1001", "chunked", "1"), 0, fault.HTTPTooLarge},
		{"a compressed one", s.Home + path("/bytes", "n", "1000000", "coding", "gzip"), 0, fault.HTTPTooLarge},
		{"one without end", s.Home + "/endless", 0, fault.HTTPTooLarge},
		{"one that breaks off", s.Home + path("/length", "declared", "100", "sent", "50"), 0, fault.HTTPFailed},
		{"a reset", s.Home + "/reset", 0, fault.HTTPFailed},
		{"garbage", s.Home + path("/raw", "bytes", "garbage\r\n\r\n"), 0, fault.HTTPFailed},
		{"a refused connection", closed, 0, fault.HTTPFailed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := nativeSend(t, p, map[string]any{"url": tt.url}, "")
			if got, _ := errors.AsType[*fault.Error](err); tt.code == "" && err != nil || tt.code != "" && (got == nil || got.Code != tt.code) {
				t.Fatalf("%v, want code %q", err, tt.code)
			}
			if a.status != tt.status {
				t.Errorf("status %d, want %d", a.status, tt.status)
			}
		})
	}
	for _, r := range s.Requests("") {
		if r.Origin == s.Stranger {
			t.Errorf("%s %s was sent to a denied host", r.Method, r.Path)
		}
		r.Wait(t)
	}
}

func TestHTTPIsSentNatively(t *testing.T) {
	s := webserver.Start(t)
	create := nativeHTTP(t)
	stranger, err := url.Parse(s.Stranger)
	if err != nil {
		t.Fatal(err)
	}
	p := create(manifest.Manifest{AllowedHosts: []string{"127.0.0.1", stranger.Hostname()}}, manifest.Options{LogLevel: manifest.LogOff, HTTPResponseHeaders: true})
	body := string(webserver.Bytes(0, 1<<20))
	request := map[string]any{
		"url": s.Home + webserver.Redirect("307", s.Stranger+"/echo"), "method": "put",
		"headers": map[string]string{"Authorization": "Bearer x", "X-Kept": "y", "Content-Type": "a/b"},
	}
	a, err := nativeSend(t, p, request, body)
	if err != nil {
		t.Fatal(err)
	}
	var e webserver.Echo
	if err := json.Unmarshal(a.body, &e); err != nil {
		t.Fatal(err)
	}
	if e.Method != "PUT" || !bytes.Equal(e.Body, []byte(body)) || e.Headers["x-kept"][0] != "y" || e.Headers["content-type"][0] != "a/b" || e.Headers["authorization"] != nil {
		t.Errorf("%s, %d bytes, %q", e.Method, len(e.Body), e.Headers)
	}
	first := s.Await(t, "/redirect", 1)
	if first.Header.Get("Authorization") != "Bearer x" || string(first.Body) != body {
		t.Errorf("at first %q, %d bytes", first.Header, len(first.Body))
	}
	a, err = nativeSend(t, p, map[string]any{"url": s.Home + webserver.Path("/headers", "h", "X-A: 1", "h", "x-a: 2", "h", "Set-Cookie: a=1, b", "h", "Set-Cookie: c=2")}, "")
	if err != nil {
		t.Fatal(err)
	}
	if a.headers["x-a"] != "1, 2" || a.headers["set-cookie"] != "a=1, b\nc=2" {
		t.Errorf("headers %q", a.headers)
	}
	if s.V6 != "" {
		six := create(manifest.Manifest{AllowedHosts: []string{"[::1]"}}, manifest.Options{LogLevel: manifest.LogOff})
		if a, err := nativeSend(t, six, map[string]any{"url": s.V6 + "/status"}, ""); err != nil || a.status != 200 {
			t.Errorf("IPv6: %d, %v", a.status, err)
		}
	}
}

// TestHTTPEndsWithItsCall: a context that is done lets the connection go.
func TestHTTPEndsWithItsCall(t *testing.T) {
	s := webserver.Start(t)
	p := nativeHTTP(t)(manifest.Manifest{AllowedHosts: []string{"*"}}, manifest.Options{LogLevel: manifest.LogOff})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		s.Gate("held").Arrived(t)
		cancel()
	}()
	_, err := p.Call(ctx, "send", []byte(`{"url": "`+s.Home+`/held?gate=held"}`))
	if got, _ := errors.AsType[*fault.Error](err); got == nil || got.Code != fault.HTTPFailed {
		t.Errorf("%v", err)
	}
	if !s.Await(t, "/held", 1).Wait(t) {
		t.Error("the client has not left")
	}
}
