package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/extism-js/extism-js/e2e/webserver"
)

// edgeAnswer is what a plug-in on workerd has come to.
type edgeAnswer struct {
	Status        int
	Body          string
	Code, Message string
}

func TestHTTPOnWorkerd(t *testing.T) {
	s := webserver.Start(t)
	base := startWorkerd(t, "http/edge")
	ask := func(t *testing.T, options map[string]any, request map[string]any, body string) (a edgeAnswer) {
		t.Helper()
		input, err := json.Marshal(request)
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			input = append(append(input, 0), body...)
		}
		text, err := json.Marshal(map[string]any{"options": options, "input": string(input)})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.Post(base, "application/json", bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			t.Fatal(err)
		}
		return a
	}
	home := map[string]any{"allowedHosts": []string{"127.0.0.1"}, "memory": map[string]int{"maxHttpResponseBytes": 1000}}
	for _, tt := range []struct {
		name, url string
		status    int
		code      string
	}{
		{"an answer", s.Home + webserver.Path("/status", "code", "404", "body", "x"), 404, ""},
		{"no content", s.Home + webserver.Path("/status", "code", "204"), 204, ""},
		{"a denied host", s.Stranger + "/echo", 0, "HTTP_DENIED"},
		{"a redirect", s.Home + webserver.Redirect("302", "/status"), 200, ""},
		{"a redirect to a denied host", s.Home + webserver.Redirect("302", s.Stranger+"/echo"), 0, "HTTP_DENIED"},
		{"11 redirects", s.Home + webserver.Path("/hops", "n", "11"), 0, "HTTP_FAILED"},
		{"a body at the limit", s.Home + webserver.Path("/bytes", "n", "1000"), 200, ""},
		{"a body beyond it", s.Home + webserver.Path("/bytes", "n", "1001", "chunked", "1"), 0, "HTTP_TOO_LARGE"},
		{"a body without end", s.Home + "/endless", 0, "HTTP_TOO_LARGE"},
		{"a reset", s.Home + "/reset", 0, "HTTP_FAILED"},
		{"a refused connection", fmt.Sprintf("http://127.0.0.1:%d/", closedPort(t)), 0, "HTTP_FAILED"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if a := ask(t, home, map[string]any{"url": tt.url}, ""); a.Status != tt.status || a.Code != tt.code {
				t.Errorf("%+v, want %d %q", a, tt.status, tt.code)
			}
		})
	}
	for _, r := range s.Requests("") {
		if r.Origin == s.Stranger {
			t.Errorf("%s %s was sent to a denied host", r.Method, r.Path)
		}
	}
	a := ask(t, map[string]any{"allowedHosts": []string{"*"}}, map[string]any{
		"url": s.Home + webserver.Redirect("307", s.Stranger+"/echo"), "method": "patch", "headers": map[string]string{"authorization": "x", "x-kept": "y"},
	}, "the body")
	var e webserver.Echo
	if err := json.Unmarshal([]byte(a.Body), &e); err != nil || e.Method != "PATCH" || e.Text != "the body" || e.Headers["authorization"] != nil || e.Headers["x-kept"] == nil {
		t.Errorf("%+v", a)
	}
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			body := strings.Repeat("x", i+1)
			if a := ask(t, home, map[string]any{"url": s.Home + webserver.Path("/status", "body", body)}, ""); a.Body != body {
				t.Errorf("request %d: %+v", i, a)
			}
		})
	}
	wg.Wait()
}
