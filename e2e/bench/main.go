//go:build !js

// Bench measures our SDK against @extism/extism: the same guests, the same
// machine, in turns, in Node and in headless Chromium. It prints a table of
// ratios, and with -o writes it as a page of the documentation. A missed goal is
// only marked, unless -check is given; what cannot be measured is a failure.
//
// It needs a built dist/ and `npm ci` in e2e/; Chromium is found in PATH.
//
//	go run ./e2e/bench                          print
//	go run ./e2e/bench -o docs/BENCHMARKS.md    and write
//	go run ./e2e/bench -check                   fail if a goal is missed
//	go run ./e2e/bench -self                    the peer against itself: the noise
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// options is what the command line says.
type options struct {
	root     string
	dist     string
	self     bool
	in       string
	settings settings
	cold     int
}

// settings is what the harness in bench.mjs is told.
type settings struct {
	// Ours is a path in Node and a URL in a page; empty for the peer itself.
	Ours string `json:"ours"`
	Peer string `json:"peer,omitempty"`
	// Big is the 2 MB guest, likewise.
	Big    string `json:"big"`
	Rounds int    `json:"rounds"`
	// Budget is how many milliseconds a turn takes.
	Budget int    `json:"budget"`
	Only   string `json:"only,omitempty"`
}

func main() {
	var o options
	out := flag.String("o", "", "write the results to this Markdown `file`")
	check := flag.Bool("check", false, "fail if a goal is missed")
	flag.StringVar(&o.dist, "dist", "dist", "our built SDK, a `folder`")
	flag.BoolVar(&o.self, "self", false, "measure the peer against itself")
	flag.StringVar(&o.in, "in", "node,pool,memory,chromium,cold", "what to measure, a comma-separated `list`")
	flag.StringVar(&o.settings.Only, "only", "", "only the rows with this `text` in their name (node, chromium)")
	flag.IntVar(&o.settings.Rounds, "rounds", 11, "turns for each SDK")
	flag.IntVar(&o.settings.Budget, "budget", 50, "length of a turn in milliseconds")
	flag.IntVar(&o.cold, "cold", 7, "cold pages for each SDK")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	r, err := measure(ctx, o)
	if err == nil && *out != "" {
		err = os.WriteFile(*out, []byte(r.markdown()), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	fmt.Print(r.text())
	for _, l := range r.failed() {
		fmt.Fprintf(os.Stderr, "bench: %s: %s\n", l.Name, l.Error)
	}
	if len(r.failed()) > 0 {
		os.Exit(1)
	}
	if missed := r.missed(); *check && len(missed) > 0 {
		fmt.Fprintf(os.Stderr, "bench: %d goals missed\n", len(missed))
		os.Exit(1)
	}
}

// part is something to measure, under the name that -in knows it by.
type part struct {
	name string
	run  func(context.Context, options, *report) error
}

var parts = []part{
	{"node", measureNode},
	{"pool", measurePool},
	{"memory", measureMemory},
	{"chromium", measureChromium},
	{"cold", measureCold},
}

// timeLimit is for one part. They take a minute or two; an SDK that hangs must not
// hold up whoever runs this.
const timeLimit = 15 * time.Minute

// measure runs the wanted parts one after another: at the same time they would
// measure each other.
func measure(ctx context.Context, o options) (*report, error) {
	if err := o.resolve(ctx); err != nil {
		return nil, err
	}
	r := &report{
		date:     time.Now(),
		self:     o.self,
		machine:  machine(),
		versions: []version{{"Go", strings.TrimPrefix(runtime.Version(), "go")}},
	}
	wanted := strings.Split(o.in, ",")
	for _, w := range wanted {
		if !slices.ContainsFunc(parts, func(p part) bool { return p.name == w }) {
			return nil, fmt.Errorf("-in: %q is not something to measure", w)
		}
	}
	for _, p := range parts {
		if !slices.Contains(wanted, p.name) {
			continue
		}
		limited, cancel := context.WithTimeout(ctx, timeLimit)
		err := p.run(limited, o, r)
		cancel()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	peer, err := peerVersion(o)
	r.versions = append(r.versions, version{peerName, peer})
	return r, err
}

// resolve finds the repository and checks that what is measured is there.
func (o *options) resolve(ctx context.Context) error {
	mod, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return err
	}
	o.root = filepath.Dir(strings.TrimSpace(string(mod)))
	if !filepath.IsAbs(o.dist) {
		o.dist = filepath.Join(o.root, o.dist)
	}
	if _, err := os.Stat(filepath.Join(o.dist, "extism.mjs")); err != nil && !o.self {
		return fmt.Errorf("our SDK is not built (or -self was forgotten): %w", err)
	}
	if _, err := os.Stat(o.path("e2e", "node_modules", peerName)); err != nil {
		return fmt.Errorf("the peer is not installed, run npm ci in e2e: %w", err)
	}
	o.settings.Big, err = bigGuest(ctx, o.root)
	return err
}

func (o options) path(elements ...string) string {
	return filepath.Join(append([]string{o.root}, elements...)...)
}

// bigGuest locates the guest of about 2 MB: the Go SDK's own example. It is not
// committed here.
func bigGuest(ctx context.Context, root string) (string, error) {
	list := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk")
	list.Dir = root
	dir, err := list.Output()
	if err != nil {
		return "", fmt.Errorf("go list: %w", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "wasm", "count_vowels.wasm"), nil
}

// machine says what the figures were measured on; the processor's name where the
// system tells it in the way of Linux.
func machine() string {
	model := runtime.GOARCH
	info, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			model = cmp.Or(strings.TrimSpace(value), model)
			break
		}
	}
	return fmt.Sprintf("%s, %d CPUs, %s", model, runtime.NumCPU(), runtime.GOOS)
}
