package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The example worker runs on the real workerd.
func TestEdgeWorker(t *testing.T) {
	base := startWorkerd(t, filepath.Join(root, "examples", "edge"))
	post := func(path, body string) (int, string) {
		t.Helper()
		r, err := http.Post(base+path, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
	for _, tc := range []struct {
		path, body string
		status     int
		answer     string
	}{
		// The first request starts the core.
		{"/shout/shout", "hello", 200, "HELLO!"},
		{"/greet/greet", "Zoë", 200, "Hello from the edge, Zoë!"},
		{"/shout/reverse", "abc", 200, "cba"},
		{"/greet/greet", "", 200, "Hello from the edge, world!"},
		{"/shout/shout", "", 200, "!"},
		{"/greet/remember", "one", 200, "call 1"},
		{"/greet/remember", "two", 200, "call 1"}, // each request has its own plug-in
		{"/shout/nothing", "x", 404, `"FUNCTION_NOT_FOUND"`},
		{"/nobody/shout", "x", 404, "not found"},
		{"/shout/shout", "after errors", 200, "AFTER ERRORS!"},
	} {
		if status, answer := post(tc.path, tc.body); status != tc.status || !strings.Contains(answer, tc.answer) {
			t.Errorf("POST %s %q: %d %q, want %d %q", tc.path, tc.body, status, answer, tc.status, tc.answer)
		}
	}

	big := strings.Repeat("edge ", 200_000)
	if status, answer := post("/shout/shout", big); status != 200 || answer != strings.ToUpper(big)+"!" {
		t.Errorf("a megabyte: %d, %d bytes", status, len(answer))
	}
	t.Run("at the same time", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if status, answer := post("/greet/greet", fmt.Sprint(i)); status != 200 || answer != fmt.Sprintf("Hello from the edge, %d!", i) {
					t.Errorf("request %d: %d %q", i, status, answer)
				}
			})
		}
		wg.Wait()
	})
}

// The very first requests arrive together, and each has to start the core
// without waiting for another one.
func TestEdgeWorkerColdAndBusy(t *testing.T) {
	base := startWorkerd(t, filepath.Join(root, "examples", "edge"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := http.Post(base+"/shout/shout", "text/plain", strings.NewReader("hello"))
			if err != nil {
				t.Error(err)
				return
			}
			defer r.Body.Close()
			if b, _ := io.ReadAll(r.Body); r.StatusCode != 200 || string(b) != "HELLO!" {
				t.Errorf("%d %q", r.StatusCode, b)
			}
		})
	}
	wg.Wait()
}

// startWorkerd serves the worker in dir on a free port of the loopback interface
// until the test ends, and gives its address.
func startWorkerd(t *testing.T, dir string) string {
	t.Helper()
	if os.Getenv("EXTISM_DIST") != "" {
		t.Skip("the example embeds files of dist/")
	}
	workerd := program(t, "node_modules/@cloudflare/workerd-linux-64/bin/workerd")
	control, report, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer control.Close()
	var output bytes.Buffer
	cmd := exec.Command(workerd, "serve", filepath.Join(dir, "config.capnp"), "--socket-addr=http=127.0.0.1:0", "--control-fd=3")
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.ExtraFiles = []*os.File{report}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	report.Close()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("workerd: %s", output.Bytes())
		}
	})
	control.SetReadDeadline(time.Now().Add(30 * time.Second))
	for lines := bufio.NewScanner(control); lines.Scan(); {
		var event struct {
			Event, Socket string
			Port          int
		}
		if json.Unmarshal(lines.Bytes(), &event) == nil && event.Event == "listen" && event.Socket == "http" {
			return fmt.Sprintf("http://127.0.0.1:%d", event.Port)
		}
	}
	t.Fatal("workerd did not start to listen")
	return ""
}
