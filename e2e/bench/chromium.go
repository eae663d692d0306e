//go:build !js

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/chromedp"
)

// Where the server has what the pages load.
const (
	benchURL = "/bench/"
	distURL  = "/dist/"
	peerURL  = "/peer/"
	bigURL   = "/big.wasm"
)

// serve offers the harness, both SDKs and the guests on the loopback interface
// until the context ends, and returns the server's address.
func serve(ctx context.Context, o options) (string, error) {
	// Without it browsers refuse to compile while they load, on systems whose MIME
	// tables don't know the type.
	if err := mime.AddExtensionType(".wasm", "application/wasm"); err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	for prefix, dir := range map[string]string{
		benchURL: o.path("e2e", "bench"),
		distURL:  o.dist,
		peerURL:  o.path("e2e", "node_modules", peerName, "dist", "browser"),
	} {
		mux.Handle(prefix, http.StripPrefix(prefix, http.FileServer(http.Dir(dir))))
	}
	mux.HandleFunc(bigURL, func(w http.ResponseWriter, req *http.Request) {
		http.ServeFile(w, req, o.settings.Big)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(listener)
	context.AfterFunc(ctx, func() { server.Close() })
	return "http://" + listener.Addr().String(), nil
}

// launch starts a browser with a profile of its own; cancel ends it.
func launch(ctx context.Context) (context.Context, context.CancelFunc) {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.NoSandbox,
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		// One SDK's garbage must not be collected in the other's time.
		chromedp.Flag("js-flags", "--expose-gc"),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(ctx, options...)
	tab, cancelTab := chromedp.NewContext(allocator)
	return tab, func() {
		cancelTab()
		cancelAllocator()
	}
}

func measureChromium(ctx context.Context, o options, r *report) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	address, err := serve(ctx, o)
	if err != nil {
		return err
	}
	tab, quit := launch(ctx)
	defer quit()

	v, err := chromedp.CallBrowser(tab, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return err
	}
	_, product, _ := strings.Cut(v.Product, "/")
	r.versions = append(r.versions, version{"Chromium", product})

	if err := chromedp.Do(tab, chromedp.Navigate(address+benchURL+"page.html")); err != nil {
		return err
	}
	go progress(tab)
	s := o.settings
	s.Ours, s.Peer, s.Big = oursInPage(o), peerURL+"mod.js", bigURL
	encoded, err := json.Marshal(s)
	if err != nil {
		return err
	}
	rows, err := chromedp.Run(tab, chromedp.Evaluate[[]row](
		fmt.Sprintf("bench(%s)", encoded), chromedp.EvalAwaitPromise))
	r.sections = append(r.sections, section{"Chromium", rows})
	return err
}

// progress repeats what the page writes to its console.
func progress(tab context.Context) {
	for message, err := range chromedp.Console(tab) {
		if err != nil {
			return
		}
		fmt.Fprintln(os.Stderr, "chromium:", message.Text)
	}
}

func oursInPage(o options) string {
	if o.self {
		return ""
	}
	return distURL + "extism.mjs"
}

// coldName is the row of measureCold.
const coldName = "cold page to the first result, 2 MB guest, local"

// measureCold opens a page in a fresh browser for each figure: in one that has
// seen the modules before, they come compiled out of a cache.
func measureCold(ctx context.Context, o options, r *report) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	address, err := serve(ctx, o)
	if err != nil {
		return err
	}
	peer := peerURL + "mod.js"
	ours := peer
	if !o.self {
		ours = oursInPage(o)
	}
	times := map[string][]float64{}
	for i := range o.cold {
		fmt.Fprintf(os.Stderr, "cold: %d of %d\n", i+1, o.cold)
		for _, side := range []struct{ name, sdk string }{{"ours", ours}, {"peer", peer}} {
			ms, err := coldPage(ctx, address, side.sdk)
			if err != nil {
				return fmt.Errorf("%s: %w", side.name, err)
			}
			times[side.name] = append(times[side.name], ms*1000)
		}
	}
	a, b := median(times["ours"]), median(times["peer"])
	ratio := b / a
	r.sections = append(r.sections, section{"Chromium, started anew each time", []row{
		{Name: coldName, Unit: "us", Ours: &a, Peer: &b, Ratio: &ratio},
	}})
	return nil
}

// coldPage gives the milliseconds from the navigation to the first result.
func coldPage(ctx context.Context, address, sdk string) (float64, error) {
	tab, quit := launch(ctx)
	defer quit()
	query := url.Values{"sdk": {sdk}, "guest": {bigURL}}
	// The browser's own start is not part of it.
	if err := chromedp.Do(tab, chromedp.Navigate("about:blank")); err != nil {
		return 0, err
	}
	if err := chromedp.Do(tab, chromedp.Navigate(address+benchURL+"cold.html?"+query.Encode())); err != nil {
		return 0, err
	}
	cold, err := chromedp.Run(tab, chromedp.Evaluate[struct {
		MS   float64 `json:"ms"`
		Text string  `json:"text"`
	}]("cold", chromedp.EvalAwaitPromise))
	if err == nil && !strings.Contains(cold.Text, `"count":3`) {
		err = fmt.Errorf("the page's result is %q", cold.Text)
	}
	return cold.MS, err
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
