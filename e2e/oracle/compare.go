package oracle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Played is what a case has come to on one of our runtimes.
type Played struct {
	Name    string    `json:"name"`
	Calls   []Outcome `json:"calls"`
	Failure *Failure  `json:"failure"` // of creating the plug-in
}

// Outcome is what a call has come to.
type Outcome struct {
	Length  int               `json:"length"` // of the output, in bytes
	SHA256  string            `json:"sha256"` // of the output, in hex
	Failure *Failure          `json:"failure"`
	Logs    []Log             `json:"logs"`
	Vars    map[string]string `json:"vars"`
	Output  []byte            `json:"-"` // where it is at hand, for a better report
}

// Failure is an error as JavaScript sees it.
type Failure struct {
	Name    string `json:"name"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (f *Failure) String() string { return fmt.Sprintf("%s %s: %s", f.Name, f.Code, f.Message) }

// codes are the error codes by which a JavaScript program tells what the oracle
// tells by class.
var codes = map[Class][]string{
	Error:       {"PLUGIN_ERROR"},
	Exit:        {"NON_ZERO_EXIT"},
	Trap:        {"TRAP"},
	Vars:        {"VARS_FULL"},
	Denied:      {"HTTP_DENIED"},
	Unsupported: {"UNSUPPORTED"},
	Missing:     {"FUNCTION_NOT_FOUND"},
	NotFunction: {"NOT_A_FUNCTION"},
	Collision:   {"INVALID_MANIFEST"},
	BadHash:     {"HASH_MISMATCH"},
	Import:      {"UNRESOLVED_IMPORT"},
	OutOfMemory: {"OUT_OF_MEMORY"},
	Failed:      {"INSTANTIATION", "INVALID_WASM", "INVALID_MANIFEST", "UNRESOLVED_IMPORT"},
}

// Unsuspended is what becomes of an answer where no guest can be suspended: those that
// would wait for a response are stopped, and those that may not ask for one as ever.
func (c Case) Unsuspended(a Answer) Answer {
	if c.Reply == nil {
		return a
	}
	a.Results = slices.Clone(a.Results)
	for i := range a.Results {
		if a.Results[i].Class != Denied {
			a.Results[i] = Result{Class: Unsupported}
		}
	}
	return a
}

// Differences says in what a case has come out differently from the oracle, with
// its deviation taken into account.
func Differences(c Case, want Answer, got Played) []string {
	want = Deviations[c.Name].apply(want)
	if want.Failure != "" || got.Failure != nil {
		if d := failureDifference(want.Failure, got.Failure); d != "" {
			return []string{"creating the plug-in: " + d}
		}
		return nil
	}
	var list []string
	for i, call := range c.Calls {
		where := fmt.Sprintf("call %d, %s(%.20q, size %d): ", i, call.Function, call.Input.Text, call.Input.Size)
		if i >= len(got.Calls) {
			return append(list, where+"no result")
		}
		if d := difference(c, call, want.Results[i], got.Calls[i]); d != "" {
			list = append(list, where+d)
		}
	}
	return list
}

func failureDifference(want Class, got *Failure) string {
	switch {
	case got == nil:
		return fmt.Sprintf("no error, want %s", want)
	case want == "":
		return fmt.Sprintf("%v; want no error", got)
	case got.Name != "ExtismError" || !slices.Contains(codes[want], got.Code):
		return fmt.Sprintf("%v; want code %q", got, codes[want])
	}
	return ""
}

func difference(c Case, call Call, want Result, got Outcome) string {
	switch {
	case want.Class == OK && got.Failure != nil, want.Class != OK && got.Failure == nil:
		return fmt.Sprintf("%v, output of %d bytes; want %s: %s", got.Failure, got.Length, want.Class, want.Text)
	case want.Class == OK:
		if d := outputDifference(want.Output, got); d != "" {
			return d
		}
	default:
		if d := failureDifference(want.Class, got.Failure); d != "" {
			return d
		}
		if m := message(call, want); m != "" && plain(m) != plain(got.Failure.Message) {
			return fmt.Sprintf("message %q, want %q", got.Failure.Message, m)
		}
	}
	if c.LogLevel != "" && !slices.EqualFunc(want.Logs, got.Logs, func(a, b Log) bool {
		return a.Level == b.Level && plain(a.Text) == plain(b.Text)
	}) {
		return fmt.Sprintf("logged %q, want %q", got.Logs, want.Logs)
	}
	if len(c.Vars) > 0 && !maps.Equal(want.Vars, got.Vars) {
		return fmt.Sprintf("vars are %v, want %v", got.Vars, want.Vars)
	}
	return ""
}

func outputDifference(want []byte, got Outcome) string {
	sum := sha256.Sum256(want)
	sha := hex.EncodeToString(sum[:])
	switch {
	case got.Length == len(want) && got.SHA256 == sha:
		return ""
	case got.Output == nil:
		return fmt.Sprintf("output of %d bytes, %.8s…; want %d, %.8s…", got.Length, got.SHA256, len(want), sha)
	}
	n := 0
	for n < len(want) && n < len(got.Output) && want[n] == got.Output[n] {
		n++
	}
	return fmt.Sprintf("output differs from byte %d on: %s, want %s", n, excerpt(got.Output, n), excerpt(want, n))
}

func excerpt(b []byte, from int) string {
	const most = 24
	rest := b[from:]
	if len(rest) > most {
		return fmt.Sprintf("%x… (%d bytes in all)", rest[:most], len(b))
	}
	return fmt.Sprintf("%x (%d bytes in all)", rest, len(b))
}

// message is the very text of the error that a result makes; "" where it is the
// engine's.
func message(call Call, r Result) string {
	switch r.Class {
	case Error:
		return "Plugin-originated error: " + r.Text
	case Exit:
		return fmt.Sprintf("function %q ended with the non-zero code %d", call.Function, int32(r.Code))
	case Missing:
		return fmt.Sprintf("Plugin error: function %q does not exist", call.Function)
	case NotFunction:
		return fmt.Sprintf("Plugin error: export %q is not a function", call.Function)
	}
	return ""
}

// plain makes comparable what has passed through JavaScript's strings and what has
// not: how many replacement characters stand for bytes that are no UTF-8 is
// nobody's promise.
func plain(s string) string {
	s = strings.ToValidUTF8(s, "\ufffd")
	for strings.Contains(s, "\ufffd\ufffd") {
		s = strings.ReplaceAll(s, "\ufffd\ufffd", "\ufffd")
	}
	return s
}

// Deviation is where our runtimes rightly answer otherwise than the Go SDK.
type Deviation struct {
	Reason string
	// Failure replaces the way in which creating the plug-in ends; OK: it succeeds.
	Failure Class
	// Calls replaces results, by the call's index; logs and vars stay unless given.
	Calls map[int]Result
}

func (d Deviation) apply(a Answer) Answer {
	if d.Failure == OK {
		a.Failure = ""
	} else if d.Failure != "" {
		return Answer{Failure: d.Failure}
	}
	a.Results = slices.Clone(a.Results)
	for i, r := range d.Calls {
		for len(a.Results) <= i {
			a.Results = append(a.Results, Result{})
		}
		if r.Logs == nil {
			r.Logs = a.Results[i].Logs
		}
		if r.Vars == nil {
			r.Vars = a.Results[i].Vars
		}
		a.Results[i] = r
	}
	return a
}

// same reports whether a deviation says what the oracle says anyway.
func (d Deviation) same(a Answer) bool {
	b := d.apply(a)
	return a.Failure == b.Failure && slices.EqualFunc(a.Results, b.Results, func(x, y Result) bool {
		return x.Class == y.Class && x.Code == y.Code && x.Text == y.Text && bytes.Equal(x.Output, y.Output) && maps.Equal(x.Vars, y.Vars)
	})
}
