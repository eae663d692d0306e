//go:build !js

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const shout = "../../examples/plugins/shout/shout.wasm"

func TestCall(t *testing.T) {
	module, err := os.ReadFile(shout)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/shout.wasm" {
			http.NotFound(w, r)
			return
		}
		w.Write(module)
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
		{"a file", shout + " shout -input-file " + text, 0, "FROM A FILE!", ""},
		{"a URL", server.URL + "/shout.wasm shout", 0, "!", ""},
		{"a manifest with a URL", byURL + " shout -input x", 0, "X!", ""},
		{"a manifest with data", byData + " shout -input x", 0, "X!", ""},
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
