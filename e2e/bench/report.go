//go:build !js

package main

import (
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// report is what was measured, and on what.
type report struct {
	date     time.Time
	self     bool
	machine  string
	versions []version
	sections []section
}

type version struct{ name, number string }

type section struct {
	title string
	rows  []row
}

// row is one measured line, as bench.mjs describes it; nil is not measured.
type row struct {
	Name  string   `json:"name"`
	Unit  string   `json:"unit"`
	Ours  *float64 `json:"ours"`
	Peer  *float64 `json:"peer"`
	Ratio *float64 `json:"ratio"`
	Goal  string   `json:"goal"`
	OK    *bool    `json:"ok"`
	// Error is why there are no figures; empty otherwise.
	Error string `json:"error"`
}

// failed lists the rows that could not be measured.
func (r *report) failed() []row {
	return r.filter(func(l row) bool { return l.Error != "" })
}

// missed lists the rows whose goal is not met, failed ones included.
func (r *report) missed() []row {
	return r.filter(func(l row) bool { return l.OK != nil && !*l.OK })
}

func (r *report) filter(keep func(row) bool) []row {
	var rows []row
	for _, s := range r.sections {
		for _, l := range s.rows {
			if keep(l) {
				rows = append(rows, l)
			}
		}
	}
	return rows
}

func (s section) header() []string {
	if s.title == poolTitle {
		return []string{"what", "pool", "one", "ratio", "goal", ""}
	}
	return []string{"what", "ours", "peer", "ratio", "goal", ""}
}

func (l row) cells() []string {
	return []string{l.Name, quantity(l.Ours, l.Unit), quantity(l.Peer, l.Unit), ratio(l.Ratio), l.Goal, l.mark()}
}

func (l row) mark() string {
	switch {
	case l.Error != "":
		return "FAILED"
	case l.OK == nil:
		return ""
	case *l.OK:
		return "met"
	default:
		return "MISSED"
	}
}

func ratio(v *float64) string {
	if v == nil {
		return "–"
	}
	if *v < 10 {
		return fmt.Sprintf("%.2f×", *v)
	}
	return fmt.Sprintf("%.0f×", *v)
}

// quantity writes a figure with three significant digits, in a unit that suits
// its size.
func quantity(v *float64, unit string) string {
	if v == nil {
		return "–"
	}
	switch unit {
	case "us":
		return scaled(*v, 1000, "µs", "ms", "s")
	case "bytes":
		return scaled(*v, 1024, "B", "KiB", "MiB", "GiB")
	default:
		return fmt.Sprintf("%.0f", *v)
	}
}

func scaled(v, step float64, units ...string) string {
	for len(units) > 1 && math.Abs(v) >= step {
		v, units = v/step, units[1:]
	}
	digits := 0
	for size := math.Abs(v); digits < 2 && size < 100 && size > 0; size *= 10 {
		digits++
	}
	return fmt.Sprintf("%.*f %s", digits, v, units[0])
}

// text is the report for a terminal.
func (r *report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\n", r.machine, r.versionList())
	for _, s := range r.sections {
		lines := [][]string{s.header()}
		widths := make([]int, len(lines[0]))
		for _, l := range s.rows {
			lines = append(lines, l.cells())
		}
		for _, cells := range lines {
			for i, c := range cells {
				widths[i] = max(widths[i], utf8.RuneCountInString(c))
			}
		}
		fmt.Fprintf(&b, "\n%s\n", s.title)
		for _, cells := range lines {
			line := ""
			for i, c := range cells {
				gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c))
				if i == 0 || i > 3 {
					line += "  " + c + gap
				} else {
					line += "  " + gap + c
				}
			}
			b.WriteString(strings.TrimRight(line, " ") + "\n")
		}
	}
	return b.String()
}

func (r *report) versionList() string {
	var list []string
	for _, v := range r.versions {
		list = append(list, v.name+" "+v.number)
	}
	return strings.Join(list, ", ")
}

// markdown is the report as a page of the documentation.
func (r *report) markdown() string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\n")
	if r.self {
		b.WriteString("**The peer was measured against itself: this page shows only the noise.**\n\n")
	}
	fmt.Fprintf(&b, "Our SDK and `%s` run the same guests in the same process, in turns; the figures are medians, and the ratio is the peer's time by ours, so above 1 ours is faster. Before and after each measurement both have to give the same output.\n\n", peerName)
	fmt.Fprintf(&b, "Measured on %s: %s.\n\n%s.\n", r.date.UTC().Format("2 January 2006"), r.machine, r.versionList())
	for _, s := range r.sections {
		fmt.Fprintf(&b, "\n## %s\n\n", s.title)
		fmt.Fprintf(&b, "| %s|\n| --- | ---: | ---: | ---: | --- | --- |\n", strings.Join(s.header(), " | "))
		for _, l := range s.rows {
			cells := l.cells()
			if m := cells[5]; m == "MISSED" || m == "FAILED" {
				cells[5] = "**" + strings.ToLower(m) + "**"
			}
			fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | "))
		}
	}
	b.WriteString(methods)
	return b.String()
}

// methods closes the page: what the rows mean and how to repeat them.
const methods = `
## How it is measured

- The guests are in ` + "`e2e/bench/guests`" + `: small modules that use Extism's functions the way PDKs do, eight bytes a call. The 2 MB guest is go-sdk's ` + "`count_vowels.wasm`" + `, built with a PDK.
- Each SDK warms up, then they take turns of equal length, and who goes first changes from round to round. Garbage is collected between turns.
- Each plug-in that is created gets bytes of its own (a custom section differs), so that nobody finds the other's work in the engine's cache. “Create” ends when ` + "`createPlugin`" + ` has resolved; closing is not counted.
- Of pools the other side is one plug-in of ours on the main thread. Calls that compute are made all at once, small ones one after another.
- A cold page is a new browser with a new profile; its clock starts with the navigation. Everything is served, uncompressed, by the same machine.
- Core memory is the linear memory of the Go core, which all plug-ins share. Resident memory is the process's, after garbage collection, each figure in a process of its own.
- Times on a busy machine vary, and ratios vary less; ` + "`-self`" + ` measures the peer against itself and so shows by how much.

## How to repeat it

With dist/ built, and Chromium in the path:

` + "```sh" + `
(cd e2e && npm ci)
go run ./e2e/bench -o docs/BENCHMARKS.md
` + "```" + `

` + "`-check`" + ` fails if a goal is missed, ` + "`-in`" + ` and ` + "`-only`" + ` choose what is measured.
`
