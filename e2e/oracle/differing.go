package oracle

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// differing are cases in which our runtimes answer otherwise than the Go SDK. What
// they are to answer is in [Deviations], and is checked like anything else.
func differing() []Case {
	raw := func(name string, script ...Instruction) Case { return scriptCase(name, script) }
	pages := func(c Case, n uint32) Case { c.Memory.MaxPages = &n; return c }
	vars := func(c Case, n int64) Case { c.Memory.MaxVarBytes = &n; return c }
	upper := single("a hash in capitals", "state.wasm", text("count", ""))
	upper.Wasm[0].Hash = "upper"
	return []Case{
		single("a trap, then a count", "state.wasm", text("count", ""), text("trap", ""), text("count", "")),
		single("an error, then a trap", "state.wasm", text("trap_with_error", "what went wrong")),
		single("an error, then an exit", "state.wasm", text("exit_with_error", "what went wrong")),
		single("an error longer than 64 KiB", "state.wasm", Call{"fail", Input{Text: "x", Size: 100_000}}),
		raw("load_u64 out of bounds", do("raw_load_u64", 0, 0, 0, 1<<31)),
		raw("load_u64 out of 32 bits", do("raw_load_u64", 0, 0, 0, 1<<40)),
		raw("store_u64 out of bounds", do("raw_store_u64", 0, 0, 0, 1<<31)),
		raw("input_load_u64 at the end", do("raw_input_load_u64", 0, 0, 0, uint64(len(Encode(nil))+16-7))),
		raw("alloc of a negative size", do("raw_alloc", 0, 0, 0, 1<<64-16)),
		raw("the key of config_get", say(1, "greeting"), do("raw_config_key", 1, 0, 0, 0)),
		raw("one block as name and value", say(1, "thing"), do("raw_var_twin", 1, 0, 0, 0)),
		pages(single("an input that does not fit", "state.wasm", Call{"echo", Input{Text: "x", Size: 4 << 20}}, text("echo", "x")), 20),
		pages(single("no pages", "state.wasm", Call{"echo", Input{Text: "x", Size: 1 << 20}}, text("echo", "x")), 0),
		pages(single("fewer pages than the guest has", "var.wasm", text("run_test", "")), 1),
		vars(scriptCase("vars up to the limit, exactly",
			[]Instruction{say(1, "thing"), do("alloc", 2, 0, 7, 95), do("var_set", 1, 2, 0, 0)},
			[]Instruction{say(1, "thing"), do("alloc", 2, 0, 7, 95), do("var_set", 1, 2, 0, 0)},
			[]Instruction{say(1, "thing"), do("alloc", 2, 0, 7, 96), do("var_set", 1, 2, 0, 0)}), 100),
		{Name: "a module without a name comes first", Wasm: []Wasm{{File: "twin.wasm"}, {File: "state.wasm"}}, Calls: []Call{text("count", "")}},
		upper,
		single("a command that runs twice", "nested.c.instr.wasm", text("_start", ""), text("_start", "")),
	}
}

// Deviations are where our runtimes rightly answer otherwise than the Go SDK, by
// case.
var Deviations = map[string]Deviation{
	"a trap, then a count": {
		Reason: "a module that has trapped is replaced before the next call; the SDK goes on with the broken one",
		Calls:  map[int]Result{2: {Class: OK, Output: []byte("a")}},
	},
	"an error, then a trap": {
		Reason: "some guests end themselves like that, and what they said is worth more than the trap; the SDK drops it",
		Calls:  map[int]Result{0: {Class: Error, Text: "what went wrong"}},
	},
	"an error, then an exit": {
		Reason: "as with a trap",
		Calls:  map[int]Result{0: {Class: Error, Text: "what went wrong", Code: 7}},
	},
	"an error longer than 64 KiB": {
		Reason: "an error passes through the memory of all plug-ins, so it is cut (RATIONALE.md)",
		Calls:  map[int]Result{0: {Class: Error, Text: strings.Repeat("x", 64<<10), Code: 1}},
	},
	"load_u64 out of bounds": {
		Reason: "a load out of bounds gives 0, as in Extism's kernel, which the SDK bypasses here",
		Calls:  zeros(8),
	},
	"load_u64 out of 32 bits": {
		Reason: "as above; the SDK cuts offsets off at 32 bits",
		Calls:  zeros(8),
	},
	"store_u64 out of bounds": {
		Reason: "a store out of bounds does nothing, as in Extism's kernel, which the SDK bypasses here",
		Calls:  map[int]Result{0: {Class: OK, Output: []byte{1}}},
	},
	"input_load_u64 at the end": {
		Reason: "all eight bytes must belong to the input, as in Extism's kernel, which the SDK bypasses here",
		Calls:  zeros(8),
	},
	"alloc of a negative size": {
		Reason: "there is no room for that much; Extism's kernel cuts the size off at 32 bits",
		Calls:  zeros(1),
	},
	"the key of config_get": {
		Reason: "the host owns what a guest passes, and frees it; the SDK does so everywhere else",
		Calls:  map[int]Result{0: {Class: OK, Output: append([]byte{1}, make([]byte, 8)...)}},
	},
	"one block as name and value": {
		Reason: "arguments are freed when the function is done; the SDK frees the name before it reads the value",
		Calls: map[int]Result{0: {Class: OK, Output: []byte{1},
			Vars: map[string]string{"thing": base64.StdEncoding.EncodeToString([]byte("thing"))}}},
	},
	"an input that does not fit": {
		Reason: "the SDK does not look whether there was room, and writes to the kernel's first bytes",
		Calls:  map[int]Result{0: {Class: OutOfMemory}},
	},
	"no pages": {
		Reason: "0 is a limit: the one page that a kernel has, and no more; in the SDK 0 is no limit",
		Calls:  map[int]Result{0: {Class: OutOfMemory}},
	},
	"fewer pages than the guest has": {
		Reason:  "in this version the limit is on the kernel's memory alone (extism.d.ts)",
		Failure: OK,
		Calls:   map[int]Result{0: {Class: OK, Output: []byte("a: 0")}},
	},
	"vars up to the limit, exactly": {
		Reason: "the limit is on the bytes of keys and values (extism.d.ts); the SDK adds 40 bytes for each var, and counts what is replaced",
		Calls: map[int]Result{
			0: {Class: OK, Output: fullVar(95).output, Vars: fullVar(95).vars},
			1: {Class: OK, Output: fullVar(95).output, Vars: fullVar(95).vars},
			2: {Class: Vars, Vars: fullVar(95).vars},
		},
	},
	"a module without a name comes first": {
		Reason:  "the main module is the one of that name or else the last (https://extism.org/docs/concepts/manifest); the SDK takes the first without a name",
		Failure: OK,
		Calls:   map[int]Result{0: {Class: OK, Output: []byte("a")}},
	},
	"a hash in capitals": {
		Reason:  "hexadecimal digits are the same number in either case",
		Failure: OK,
		Calls:   map[int]Result{0: {Class: OK, Output: []byte("a")}},
	},
	"a command that runs twice": {
		Reason: "a command runs once in the life of an instance, so there is a fresh one for each; the SDK has the same one run again",
		Calls:  map[int]Result{1: {Class: OK}},
	},
}

// zeros is one call with an output of n zero bytes.
func zeros(n int) map[int]Result { return map[int]Result{0: {Class: OK, Output: make([]byte, n)}} }

// fullVar is what a script gives that sets a var, and the var, to n bytes of a
// block that alloc has filled.
func fullVar(n int) (v struct {
	output []byte
	vars   map[string]string
}) {
	word := binary.LittleEndian.AppendUint64(nil, 7*0x0123456789abcdef)
	value := bytes.Repeat(word, n/8)
	value = append(value, bytes.Repeat(word[:1], n%8)...)
	v.output = append([]byte{1, 1}, make([]byte, 16)...)
	v.vars = map[string]string{"thing": base64.StdEncoding.EncodeToString(value)}
	return v
}
