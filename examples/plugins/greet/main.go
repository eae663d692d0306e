//go:build wasip1

// Greet is a plug-in in plain Go: a greeting that the host's configuration
// words, text statistics as JSON, and a memory that outlives a call.
package main

import (
	"fmt"
	"strings"

	pdk "github.com/extism/go-pdk"

	"github.com/extism-js/extism-js/examples/plugins/greet/text"
)

// What an export returns to the host: 0 is success, all else is a failure whose
// text was set before.
const (
	succeeded int32 = 0
	failed    int32 = 1
)

// main is never run: the module is a library (a WASI reactor), whose runtime
// the host starts by _initialize.
func main() {}

// greet takes a name and gives a greeting. The configuration value "greeting"
// replaces the word "Hello"; without a name the world is greeted.
//
//go:wasmexport greet
func greet() int32 {
	word, ok := pdk.GetConfig("greeting")
	if !ok {
		word = "Hello"
	}
	name := strings.TrimSpace(pdk.InputString())
	if name == "" {
		name = "world"
	}
	pdk.OutputString(word + ", " + name + "!")
	return succeeded
}

// wordCount takes a text and gives its [text.Statistics] as JSON.
//
//go:wasmexport word_count
func wordCount() int32 {
	if err := pdk.OutputJSON(text.Count(pdk.InputString())); err != nil {
		pdk.SetError(err)
		return failed
	}
	return succeeded
}

// The variables that remember keeps with the host.
const (
	countVar = "count"
	lastVar  = "last"
)

// remember counts its calls and repeats what it was told the time before. Both
// are variables of the host, so they survive a fresh instance of the module,
// unlike Go's own memory.
//
//go:wasmexport remember
func remember() int32 {
	count := pdk.GetVarInt(countVar) + 1
	last := pdk.GetVar(lastVar)
	pdk.SetVarInt(countVar, count)

	input := pdk.Input()
	if len(input) == 0 {
		pdk.RemoveVar(lastVar)
	} else {
		pdk.SetVar(lastVar, input)
	}

	reply := fmt.Sprintf("call %d", count)
	if len(last) > 0 {
		reply += fmt.Sprintf(", last time: %s", last)
	}
	pdk.OutputString(reply)
	return succeeded
}
