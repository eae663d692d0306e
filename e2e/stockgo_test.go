package e2e

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const stockProgram = `package main

import "syscall/js"

func main() {
	js.Global().Set("stockAnswer", js.FuncOf(func(_ js.Value, args []js.Value) any {
		return "stock Go says " + args[0].String()
	}))
	js.Global().Call("stockReady")
	select {}
}
`

// Another Go program on the page, with the toolchain's own glue, and this
// runtime must leave each other alone, whichever starts first.
func TestBesideAnotherGoProgram(t *testing.T) {
	wasm := buildStock(t)
	goroot, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	glue := filepath.Join(strings.TrimSpace(string(goroot)), "lib", "wasm", "wasm_exec.js")
	handle(t, "stock.wasm", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, wasm) })
	handle(t, "stock.js", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, glue) })

	const script = `
		const load = (src) => new Promise((resolve, reject) => {
			const s = document.createElement('script');
			Object.assign(s, { src, onload: resolve, onerror: reject });
			document.head.append(s);
		});
		const ours = async () => {
			await load('/extism.js');
			globalThis.plugin = await Extism.createPlugin(location.origin + '/plugins/shout.wasm');
		};
		const stock = async () => {
			await load('/-/stock.js');
			const go = new Go();
			const { instance } = await WebAssembly.instantiateStreaming(fetch('/-/stock.wasm'), go.importObject);
			const ready = new Promise((resolve) => { globalThis.stockReady = resolve; });
			go.run(instance);
			await ready;
		};
		const talk = async () => stockAnswer((await plugin.call('shout', 'hello')).text());`
	for name, order := range map[string]string{
		"ours first":    `await ours(); await stock();`,
		"ours second":   `await stock(); await ours();`,
		"both together": `await Promise.all([ours(), stock()]);`,
	} {
		t.Run(name, func(t *testing.T) {
			tb := open(t, testFiles+"blank.html")
			got := run[[]string](tb, script+order+`return [await talk(), await talk()];`)
			for _, g := range got {
				if g != "stock Go says HELLO!" {
					t.Errorf("answer %q", g)
				}
			}
		})
	}
}

// buildStock compiles a program outside the module, with the toolchain alone.
func buildStock(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": stockProgram, "go.mod": "module stock\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-o", "stock.wasm", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "GOFLAGS=", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "stock.wasm")
}
