package e2e

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// tabTime is how long one test may keep a tab.
const tabTime = 5 * time.Minute

var browser struct {
	once   sync.Once
	ctx    context.Context
	cancel []context.CancelFunc
	err    error
}

// startBrowser starts the one browser of the tests.
func startBrowser(path string) error {
	browser.once.Do(func() {
		opts := append(chromedp.DefaultExecAllocatorOptions[:],
			chromedp.ExecPath(path),
			chromedp.NoSandbox,
			chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-component-update", true),
			chromedp.WindowSize(1280, 900),
		)
		if os.Getenv("EXTISM_HEADED") == "1" {
			opts = append(opts, chromedp.VisibleWindow)
		}
		alloc, cancelAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
		ctx, cancel := chromedp.NewContext(alloc)
		browser.ctx, browser.cancel = ctx, []context.CancelFunc{cancel, cancelAlloc}
		browser.err = chromedp.Do(ctx)
	})
	return browser.err
}

// closeBrowser ends the browser and reports tabs that a test left open.
func closeBrowser() error {
	if browser.ctx == nil || browser.err != nil {
		return nil
	}
	open, err := chromedp.Targets(browser.ctx)
	if err != nil {
		return err
	}
	var left []string
	for _, t := range open {
		if t.Type == "page" && t.URL != "about:blank" {
			left = append(left, t.URL)
		}
	}
	for _, cancel := range browser.cancel {
		cancel()
	}
	if len(left) > 0 {
		return fmt.Errorf("tabs left open: %s", strings.Join(left, ", "))
	}
	return nil
}

// tab is a browser tab of one test.
type tab struct {
	t   *testing.T
	ctx context.Context
	// expected holds parts of console errors that the test provokes.
	expected []string
}

// open opens path (from the site's root) in a new tab and closes the tab when
// the test ends. Uncaught exceptions and errors in the console fail the test.
func open(t *testing.T, path string) *tab {
	t.Helper()
	tb := newTab(t)
	tb.do(chromedp.Navigate(site.URL + path))
	return tb
}

// newTab is open without going anywhere.
func newTab(t *testing.T) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a browser")
	}
	if err := startBrowser(program(t, "chromium", "chromium-browser", "google-chrome")); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	ctx, cancel := chromedp.NewContext(browser.ctx)
	t.Cleanup(cancel)
	ctx, cancelTime := context.WithTimeout(ctx, tabTime)
	t.Cleanup(cancelTime)
	tb := &tab{t: t, ctx: ctx}
	tb.watch()
	return tb
}

// watch collects what the page complains about, and fails the test for it when
// the test is over.
func (tb *tab) watch() {
	if err := chromedp.Do(tb.ctx); err != nil {
		tb.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(tb.ctx)
	messages := chromedp.Console(ctx)
	var complaints []string
	done := make(chan struct{})
	go func() {
		defer close(done)
		for m, err := range messages {
			if err != nil {
				return
			}
			if m.Type == chromedp.ConsoleException || m.Type == chromedp.ConsoleError {
				complaints = append(complaints, m.String())
			}
		}
	}()
	tb.t.Cleanup(func() {
		stop()
		<-done
		for _, c := range complaints {
			if !tb.expects(c) {
				tb.t.Errorf("console: %s", c)
			}
		}
	})
}

func (tb *tab) expects(complaint string) bool {
	for _, part := range tb.expected {
		if strings.Contains(complaint, part) {
			return true
		}
	}
	return false
}

// do runs actions and ends the test if one fails.
func (tb *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	tb.t.Helper()
	if err := chromedp.Do(tb.ctx, actions...); err != nil {
		tb.t.Fatal(err)
	}
}

// run evaluates the body of an async JavaScript function in the tab and decodes
// what it returns from JSON.
func run[T any](tb *tab, body string) T {
	tb.t.Helper()
	v, err := tryRun[T](tb, body)
	if err != nil {
		tb.t.Fatal(err)
	}
	return v
}

func tryRun[T any](tb *tab, body string) (T, error) {
	return chromedp.Run(tb.ctx, chromedp.Evaluate[T]("(async () => {"+body+"\n})()", chromedp.EvalAwaitPromise))
}

// eventually waits until a JavaScript expression is truthy; what says in words
// what is waited for.
func (tb *tab) eventually(what, expression string) {
	tb.t.Helper()
	_, err := chromedp.Run(tb.ctx, chromedp.Poll[bool]("!!("+expression+")", chromedp.WithPollingTimeout(30*time.Second)))
	if err != nil {
		tb.t.Fatalf("waiting for %s: %v", what, err)
	}
}
