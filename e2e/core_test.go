package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWrongCore puts something else where the core should be. The error says what
// is wrong, and once the right one is there the next attempt works.
func TestWrongCore(t *testing.T) {
	node := program(t, "node_modules/node20/bin/node")
	right := read(t, filepath.Join(dist, "extism.wasm"))
	version := regexp.MustCompile(`abi_version_(\d+)`).FindSubmatch(right)
	if version == nil {
		t.Fatal("the core does not tell the version of its interface")
	}
	other := append([]byte("abi_version_"), bytes.Repeat([]byte("9"), len(version[1]))...) // of the same length
	for _, tt := range []struct {
		name string
		core []byte // nil: none
		want string
	}{
		{"none", nil, "could not be loaded: ENOENT"},
		{"half of it", right[:len(right)/2], "WebAssembly.compile()"},
		{"another version", bytes.ReplaceAll(right, version[0], other), fmt.Sprintf("different builds (interface %s and %s)", other[len("abi_version_"):], version[1])},
		{"another module", []byte("\x00asm\x01\x00\x00\x00"), fmt.Sprintf("different builds (interface unknown and %s)", version[1])},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name string, data []byte) {
				if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write("extism.mjs", read(t, filepath.Join(dist, "extism.mjs")))
			write("right.wasm", right)
			write("shout.wasm", read(t, filepath.Join(dist, "plugins", "shout.wasm")))
			if tt.core != nil {
				write("extism.wasm", tt.core)
			}
			write("main.mjs", []byte(`
				import fs from 'node:fs';
				import { createPlugin } from './extism.mjs';
				process.chdir(import.meta.dirname);
				const attempt = () => createPlugin('shout.wasm').then((p) => p.call('shout', 'hello'));
				console.log(await attempt().then(() => 'worked', (e) => e.message));
				fs.copyFileSync('right.wasm', 'extism.wasm');
				console.log((await attempt()).text());`))
			out, err := exec.Command(node, filepath.Join(dir, "main.mjs")).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			if len(lines) != 2 || !strings.Contains(lines[0], tt.want) || lines[1] != "HELLO!" {
				t.Errorf("got %q, want %q and then HELLO!", lines, tt.want)
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
