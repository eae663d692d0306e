// Package oracle says what plug-ins answer, by running them on Extism's Go SDK:
// an independent host on another WebAssembly engine. The same cases are then run
// natively and on every JavaScript runtime, and compared.
package oracle

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// Case is one plug-in and the calls made to it, one after the other. The JSON
// form is what the runner in JavaScript reads.
type Case struct {
	Name string `json:"name"`
	// Wasm are the modules of the manifest.
	Wasm []Wasm `json:"wasm"`
	// WASI is on unless NoWASI is set: that is how plug-ins are mostly run.
	NoWASI bool              `json:"noWasi,omitempty"`
	Config map[string]string `json:"config,omitempty"`
	Memory Memory            `json:"memory,omitzero"`
	// LogLevel is the least severe level whose messages are compared; "": none, and
	// the plug-in is told that nothing is logged.
	LogLevel string `json:"logLevel,omitempty"`
	// Vars are compared after each call. The main module exports a function, vars,
	// that calls the host function inspect, in which a JavaScript host looks at them.
	Vars []string `json:"vars,omitempty"`
	// Hosts may be asked over HTTP, and all of them give Reply.
	Hosts []string `json:"hosts,omitempty"`
	Reply *Reply   `json:"reply,omitempty"`
	Calls []Call   `json:"calls"`
}

// Reply is a response to all requests, so that none leaves the test.
type Reply struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
	// Shown says whether plug-ins may read the headers.
	Shown bool `json:"shown,omitempty"`
}

// RoundTrip makes a reply an [http.RoundTripper].
func (r *Reply) RoundTrip(request *http.Request) (*http.Response, error) {
	response := &http.Response{StatusCode: r.Status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(r.Body)), Request: request}
	for name, value := range r.Headers {
		response.Header.Set(name, value)
	}
	return response, nil
}

// Wasm names a module's file in a [Library].
type Wasm struct {
	Name string `json:"name,omitempty"`
	File string `json:"file"`
	// Hash is "right", "upper" (right, in capitals) or "wrong"; "": none is given.
	Hash string `json:"hash,omitempty"`
	// From is how a JavaScript host is given the module: "path" where there are
	// files, "url", "base64", "module", "response"; "": as bytes.
	From string `json:"from,omitempty"`
}

// Memory holds limits; nil is unset.
type Memory struct {
	MaxPages    *uint32 `json:"max_pages,omitempty"`
	MaxVarBytes *int64  `json:"max_var_bytes,omitempty"`
}

// Call is one call of an exported function.
type Call struct {
	Function string `json:"function"`
	Input    Input  `json:"input"`
}

// Input describes the bytes that a call is given, so that 64 MiB of them need
// not be written down: Text repeated and cut off at Size bytes, or just Text if
// Size is zero.
type Input struct {
	Text string `json:"text"`
	Size int    `json:"size,omitempty"`
}

// MarshalJSON writes a text that is not UTF-8 as base64, which the runner in
// JavaScript tells by its prefix: JSON has no other way to carry it.
func (in Input) MarshalJSON() ([]byte, error) {
	type plain Input
	if !utf8.ValidString(in.Text) {
		in.Text = "base64:" + base64.StdEncoding.EncodeToString([]byte(in.Text))
	}
	return json.Marshal(plain(in))
}

// Bytes makes the input.
func (in Input) Bytes() []byte {
	if in.Size == 0 {
		return []byte(in.Text)
	}
	n := in.Size/len(in.Text) + 1
	return bytes.Repeat([]byte(in.Text), n)[:in.Size]
}

// Class is how a call, or the creation of a plug-in, has ended.
type Class string

// The ways for a call to end. A plug-in that reports an error and returns a
// non-zero code is in class Error.
const (
	OK          Class = "ok"             // an output
	Error       Class = "error"          // the plug-in called error_set
	Exit        Class = "exit"           // a non-zero return value or proc_exit code
	Trap        Class = "trap"           // the engine stopped the plug-in
	Vars        Class = "vars"           // the host stopped it for a var that is too large
	Denied      Class = "denied"         // the host stopped it for a request that is not allowed
	Missing     Class = "missing"        // no such function
	NotFunction Class = "not a function" // there is an export of another kind
)

// The ways for a plug-in not to come about.
const (
	Collision Class = "collision" // two modules have one name, or one has a reserved name
	BadHash   Class = "hash"      // a module is not the one that the manifest names
	Import    Class = "import"    // nothing offers what a module imports
	Failed    Class = "failed"    // for any other reason
)

// Classes that the Go SDK does not have: it does not look whether there was room, and
// it can do all that is asked of it.
const (
	OutOfMemory Class = "memory"
	Unsupported Class = "unsupported"
)

// Answer is what came of a case.
type Answer struct {
	// Failure is set if there is no plug-in and no result.
	Failure Class
	Results []Result // one for each call
}

// Result is what came of one call.
type Result struct {
	Class  Class
	Output []byte
	Code   uint32 // the return value or exit code
	Text   string // of the error
	Logs   []Log
	Vars   map[string]string // those that are there, in base64
}

// Log is one message that a plug-in logged.
type Log struct {
	Level string `json:"level"`
	Text  string `json:"text"`
}

// Library maps the names of module files to their paths.
type Library map[string]string

// SDKLibrary finds the modules that the Go SDK ships for its tests.
func SDKLibrary() (Library, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	if err != nil {
		return nil, fmt.Errorf("oracle: finding go-sdk: %w", err)
	}
	lib := Library{}
	return lib, lib.Add(filepath.Join(strings.TrimSpace(string(out)), "wasm"))
}

// Add adds every module in dir, except those whose names are taken.
func (l Library) Add(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.wasm"))
	if err != nil {
		return fmt.Errorf("oracle: %w", err)
	}
	if len(paths) == 0 {
		return fmt.Errorf("oracle: no modules in %s", dir)
	}
	for _, p := range paths {
		if _, taken := l[filepath.Base(p)]; !taken {
			l[filepath.Base(p)] = p
		}
	}
	return nil
}

// hash gives what the manifest says is the hash of a module; "": nothing.
func (w Wasm) hash(data []byte) string {
	if w.Hash == "" {
		return ""
	}
	sum := sha256.Sum256(data)
	if w.Hash == "wrong" {
		sum[0]++
	}
	if w.Hash == "upper" {
		return strings.ToUpper(hex.EncodeToString(sum[:]))
	}
	return hex.EncodeToString(sum[:])
}
