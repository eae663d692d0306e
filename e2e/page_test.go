package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// demo opens the page and waits for the first result.
func demo(t *testing.T) *tab {
	t.Helper()
	tb := open(t, "/")
	tb.waitOutput("HELLO FROM A PLUG-IN!")
	return tb
}

// waitOutput waits until the page shows an output that contains want.
func (tb *tab) waitOutput(want string) {
	tb.t.Helper()
	tb.eventually("the output "+want, "!document.querySelector('#output').hidden && document.querySelector('#output').textContent.includes("+quoteJS(want)+") && document.querySelector('#result').ariaBusy === 'false'")
}

// waitError waits until the page shows an error with the code.
func (tb *tab) waitError(code string) {
	tb.t.Helper()
	tb.eventually("the error "+code, "!document.querySelector('#error').hidden && document.querySelector('#error-code').textContent === "+quoteJS(code))
}

func (tb *tab) choose(plugin string) {
	tb.t.Helper()
	tb.do(chromedp.Click(chromedp.CSS(`input[name=plugin][value="plugins/` + plugin + `.wasm"]`)))
}

func (tb *tab) text(selector string) string {
	tb.t.Helper()
	v, err := chromedp.Run(tb.ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		tb.t.Fatal(err)
	}
	return strings.TrimSpace(v)
}

// fill replaces what is in a field by typing.
func (tb *tab) fill(selector, text string) {
	tb.t.Helper()
	run[any](tb, "document.querySelector("+quoteJS(selector)+").value = ''")
	tb.do(chromedp.SendKeys(chromedp.CSS(selector), text))
}

func quoteJS(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func TestPageShowsAResultAtOnce(t *testing.T) {
	tb := demo(t)
	times := tb.text("#times")
	for _, want := range []string{"created in", "called in", "output 21 bytes"} {
		if !strings.Contains(times, want) {
			t.Errorf("%q does not tell %q", times, want)
		}
	}
	functions := run[[]string](tb, `return [...document.querySelectorAll('#function option')].map((o) => o.value)`)
	if strings.Join(functions, " ") != "shout reverse" {
		t.Errorf("functions %q", functions)
	}
}

func TestPageRunsEveryDemoPlugin(t *testing.T) {
	tb := demo(t)
	tb.choose("vowels")
	tb.waitOutput("{\n  ") // JSON is laid out
	tb.choose("greet")
	tb.waitOutput("Hello, Ada!")
	tb.choose("shout")
	tb.waitOutput("HELLO FROM A PLUG-IN!")
}

func TestPageTypeAndRun(t *testing.T) {
	tb := demo(t)
	tb.fill("#input", "grüße")
	tb.do(chromedp.Click(chromedp.ID("run")))
	tb.waitOutput("GRüßE!")
	// Without a mouse.
	tb.fill("#input", "keys")
	run[any](tb, `document.querySelector('#input').dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', ctrlKey: true, bubbles: true }))`)
	tb.waitOutput("KEYS!")
	// Choosing a function runs it.
	run[any](tb, `const f = document.querySelector('#function'); f.value = 'reverse'; f.dispatchEvent(new Event('change', { bubbles: true }))`)
	tb.waitOutput("syek")
}

func TestPageConfigAndRestart(t *testing.T) {
	tb := demo(t)
	tb.choose("greet")
	tb.waitOutput("Hello, Ada!")
	run[any](tb, `const c = document.querySelector('#config'); c.value = ' greeting = Ahoy \n'; c.dispatchEvent(new Event('change', { bubbles: true }))`)
	tb.waitOutput("Ahoy, Ada!")

	run[any](tb, `const f = document.querySelector('#function'); f.value = 'remember'; f.dispatchEvent(new Event('change', { bubbles: true }))`)
	tb.waitOutput("call 1")
	tb.do(chromedp.Click(chromedp.ID("run")))
	tb.waitOutput("call 2")
	tb.do(chromedp.Click(chromedp.ID("restart")))
	tb.waitOutput("Ahoy, Ada!") // a new plug-in, with its first function
}

func TestPageOwnFile(t *testing.T) {
	tb := demo(t)
	lib := corpusLibrary(t)
	upload := func(path string) {
		tb.do(chromedp.SetUploadFiles(chromedp.ID("file"), []string{path}))
	}
	upload(lib["fail.wasm"])
	tb.waitOutput("Ready.")
	if got := tb.text("#own-name"); got != "fail.wasm" {
		t.Errorf("shown as %q", got)
	}
	tb.do(chromedp.Click(chromedp.ID("run")))
	tb.waitError("PLUGIN_ERROR")
	if got := tb.text("#error-message"); !strings.Contains(got, "Some error message") {
		t.Errorf("message %q", got)
	}

	broken := filepath.Join(t.TempDir(), "broken.wasm")
	if err := os.WriteFile(broken, []byte("this is no module"), 0o644); err != nil {
		t.Fatal(err)
	}
	upload(broken)
	tb.waitError("INVALID_WASM")

	// And back again: an error leaves nothing behind.
	tb.choose("shout")
	tb.waitOutput("HELLO FROM A PLUG-IN!")
}

func TestPageOwnAddress(t *testing.T) {
	tb := demo(t)
	tb.fill("#url", site.URL+"/plugins/vowels.wasm\r")
	tb.waitOutput("Ready.")
	tb.do(chromedp.Click(chromedp.ID("run")))
	tb.waitOutput("{")

	tb.expected = append(tb.expected, "404")
	tb.fill("#url", site.URL+"/plugins/nothing.wasm\r")
	tb.waitError("FETCH_FAILED")
}

func TestPageDroppedFile(t *testing.T) {
	tb := demo(t)
	run[any](tb, `
		const bytes = await (await fetch('/plugins/vowels.wasm')).arrayBuffer();
		const data = new DataTransfer();
		data.items.add(new File([bytes], 'dropped.wasm'));
		document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));`)
	tb.waitOutput("Ready.")
	if got := tb.text("#own-name"); got != "dropped.wasm" {
		t.Errorf("shown as %q", got)
	}
}

// Whoever cannot see the page must be able to use it.
func TestPageIsLabelled(t *testing.T) {
	tb := demo(t)
	unlabelled := run[[]string](tb, `
		return [...document.querySelectorAll('input, select, textarea, button')]
			.filter((e) => !(e.labels?.length || e.textContent.trim() || e.ariaLabel))
			.map((e) => e.outerHTML);`)
	if len(unlabelled) > 0 {
		t.Errorf("no label: %q", unlabelled)
	}
	if live := run[string](tb, `return document.querySelector('#output').closest('[aria-live]')?.ariaLive ?? ''`); live != "polite" {
		t.Errorf("the output's live region is %q", live)
	}
}

func TestPageLoadsNothingFromElsewhere(t *testing.T) {
	tb := demo(t)
	foreign := run[[]string](tb, `
		return performance.getEntriesByType('resource').map((e) => e.name)
			.filter((n) => !n.startsWith(location.origin) && !n.startsWith('blob:') && !n.startsWith('data:'));`)
	if len(foreign) > 0 {
		t.Errorf("loaded %q", foreign)
	}
}

func TestPageFitsAPhone(t *testing.T) {
	tb := newTab(t)
	tb.do(chromedp.EmulateViewport(390, 844), chromedp.Navigate(site.URL+"/"))
	tb.waitOutput("HELLO FROM A PLUG-IN!")
	if over := run[int](tb, `return document.documentElement.scrollWidth - innerWidth`); over > 0 {
		t.Errorf("%d pixels wider than the screen", over)
	}
}

// With EXTISM_SCREENSHOTS=directory, takes pictures of the page to look at;
// desktop.png is the one in the README.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("EXTISM_SCREENSHOTS")
	if dir == "" {
		t.Skip("EXTISM_SCREENSHOTS is not set")
	}
	for _, shot := range []struct {
		name          string
		width, height int64
		dark, fails   bool
	}{
		{"desktop", 1280, 880, false, false},
		{"desktop-dark", 1280, 880, true, false},
		{"phone", 390, 844, false, false},
		{"phone-dark", 390, 844, true, false},
		{"error", 1280, 880, false, true},
		{"phone-error", 390, 844, true, true},
	} {
		tb := newTab(t)
		tb.do(chromedp.EmulateViewport(shot.width, shot.height), emulateDark(shot.dark), chromedp.Navigate(site.URL+"/"))
		tb.waitOutput("HELLO FROM A PLUG-IN!")
		if shot.fails {
			tb.do(chromedp.SetUploadFiles(chromedp.ID("file"), []string{corpusLibrary(t)["fail.wasm"]}))
			tb.waitOutput("Ready.")
			tb.do(chromedp.Click(chromedp.ID("run")))
			tb.eventually("an error", "!document.querySelector('#error').hidden")
		} else {
			tb.choose("vowels")
			tb.waitOutput("{")
		}
		png, err := chromedp.Run(tb.ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, shot.name+".png"), png, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func emulateDark(on bool) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if on {
		scheme = "dark"
	}
	return chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	})
}
