//go:build !js

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	shout  = "../../examples/plugins/shout/shout.wasm"
	config = "../../internal/engine/wazeroengine/testdata/guest.wasm" // its function of that name gives the value of "key"
)

func TestCall(t *testing.T) {
	module, err := os.ReadFile(shout)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/shout.wasm":
			w.Write(module)
		case "/relative.json":
			io.WriteString(w, `{"wasm":[{"url":"shout.wasm"}]}`)
		case "/path.json":
			fmt.Fprintf(w, `{"wasm":[{"path":%q}]}`, shout)
		case "/file.json":
			io.WriteString(w, `{"wasm":[{"url":"file:///shout.wasm"}]}`)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	sum := sha256.Sum256(module)
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	byURL := write("url.json", fmt.Sprintf(`{"wasm":[{"url":%q,"hash":%q}]}`, server.URL+"/shout.wasm", hex.EncodeToString(sum[:])))
	byData := write("data.json", fmt.Sprintf(`{"wasm":[{"data":%q}]}`, base64.StdEncoding.EncodeToString(module)))
	wrongHash := write("hash.json", fmt.Sprintf(`{"wasm":[{"url":%q,"hash":%q}]}`, server.URL+"/shout.wasm", strings.Repeat("0", 64)))
	byPath := write("path.json", fmt.Sprintf(`{"wasm":[{"path":%q}]}`, shout))
	absolute, err := filepath.Abs(shout)
	if err != nil {
		t.Fatal(err)
	}
	byFile := write("file.json", fmt.Sprintf("\ufeff\n{\"wasm\":[{\"url\":%q}]}", (&url.URL{Scheme: "file", Path: filepath.ToSlash(absolute)}).String()))
	inCamelCase := write("camel.json", fmt.Sprintf(`{"wasm":[{"path":%q}],"memory":{"maxPages":2e1},"timeoutMs":0,"allowedHosts":[],"config":{}}`, shout))
	unknown := write("unknown.json", fmt.Sprintf(`{"wasm":[{"path":%q}],"memory":{"pages":4}}`, shout))
	noURL := write("nourl.json", fmt.Sprintf(`{"wasm":[{"url":%q}]}`, shout))
	text := write("text", "from a file")

	for _, tt := range []struct {
		name   string
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"text", shout + " shout -input hello", 0, "HELLO!", ""},
		{"flags first", "-input hello " + shout + " shout", 0, "HELLO!", ""},
		{"flags between", shout + " -input hello shout", 0, "HELLO!", ""},
		{"standard input", shout + " reverse -input-file -", 0, "tupni", ""},
		{"standard input by its flag", shout + " reverse --stdin", 0, "tupni", ""},
		{"short", shout + " shout -i hello", 0, "HELLO!", ""},
		{"three times", shout + " shout -i a -loop 3", 0, "A!A!A!", ""},
		{"config as JSON", config + ` config -set-config {"key":"a=b"}`, 0, "a=b", ""},
		{"config of both kinds", config + ` config -set-config {"key":"a"} -config key=b`, 0, "b", ""},
		{"config that is no JSON", config + ` config -set-config {`, 2, "", "unexpected end"},
		{"a file", shout + " shout -input-file " + text, 0, "FROM A FILE!", ""},
		{"a URL", server.URL + "/shout.wasm shout", 0, "!", ""},
		{"a manifest with a URL", byURL + " shout -input x", 0, "X!", ""},
		{"a manifest with data", byData + " shout -input x", 0, "X!", ""},
		{"a manifest with a path", byPath + " shout -input x", 0, "X!", ""},
		{"a manifest from a URL", server.URL + "/relative.json shout -input x", 0, "X!", ""},
		{"a manifest from a URL that wants a file", server.URL + "/path.json shout", 1, "", "INVALID_MANIFEST"},
		{"a manifest from a URL that wants a file by its URL", server.URL + "/file.json shout", 1, "", "INVALID_MANIFEST"},
		{"a manifest with a file: URL and a byte order mark", byFile + " shout -input x", 0, "X!", ""},
		{"a manifest in camelCase", inCamelCase + " shout -input x", 0, "X!", ""},
		{"a manifest with an unknown key", unknown + " shout", 1, "", "manifest.memory.pages: unknown key"},
		{"a URL that is none", noURL + " shout", 1, "", "FETCH_FAILED"},
		{"a wrong hash", wrongHash + " shout", 1, "", "HASH_MISMATCH"},
		{"a server that says no", server.URL + "/none shout", 1, "", "answered 404"},
		{"no such file", "none.wasm shout", 1, "", "FETCH_FAILED"},
		{"no module", text + " shout", 1, "", "INVALID_WASM"},
		{"no such function", shout + " whisper", 1, "", "FUNCTION_NOT_FOUND"},
		{"no function", shout, 2, "", "are needed"},
		{"too much", shout + " shout x", 2, "", `unexpected argument "x"`},
		{"no level", shout + " shout -log-level loud", 2, "", "no log level"},
		{"no setting", shout + " shout -config x", 2, "", "key=value"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			c := &cli{stdin: strings.NewReader("input"), stdout: &out, stderr: &errs}
			if code := c.main(context.Background(), append([]string{"call"}, strings.Fields(tt.args)...)); code != tt.code {
				t.Errorf("exit code %d, want %d (%s)", code, tt.code, errs.String())
			}
			if out.String() != tt.stdout {
				t.Errorf("stdout %q, want %q", out.String(), tt.stdout)
			}
			if !strings.Contains(errs.String(), tt.stderr) {
				t.Errorf("stderr %q does not contain %q", errs.String(), tt.stderr)
			}
		})
	}
}

// An interrupt cancels the context; it must end a guest that does not end by
// itself.
func TestCallIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	var out, errs bytes.Buffer
	c := &cli{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
	if code := c.main(ctx, []string{"call", config, "forever"}); code != 1 || !strings.Contains(errs.String(), "TRAP") {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
}
