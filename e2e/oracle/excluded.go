package oracle

// Excluded are the modules of the Go SDK that are not in the corpus, each with
// the reason. A test makes sure that every module is either here or there.
var Excluded = map[string]string{
	"fs.wasm":             "reads a file: no filesystem in this version",
	"fs_std.wasm":         "reads a file: no filesystem in this version",
	"host.wasm":           "imports a custom host function, mult",
	"host_memory.wasm":    "imports a custom host function, to_upper",
	"host_multiple.wasm":  "imports custom host functions, hostGreenMessage and hostPurpleMessage",
	"http.wasm":           "makes an HTTP request",
	"http_headers.wasm":   "makes an HTTP request",
	"nested.c.instr.wasm": "imports dylibso_observe, an instrumentation library",
	"read_write.wasm":     "reads and writes files: no filesystem in this version",
}

// Deviations are calls for which a JavaScript host rightly answers otherwise
// than the Go SDK, by case; each gives the reason.
var Deviations = map[string]string{}
