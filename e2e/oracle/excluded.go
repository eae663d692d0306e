package oracle

// Excluded are the modules of the Go SDK that are not in the corpus, each with
// the reason. A test makes sure that every module is either here or there. Of
// sleep.wasm the corpus has only what takes no time: with a duration it sleeps
// until the SDK's timeout, and this version refuses timeouts.
var Excluded = map[string]string{
	"fs.wasm":         "reads a file: no filesystem in this version",
	"fs_std.wasm":     "reads a file: no filesystem in this version",
	"read_write.wasm": "reads and writes files: no filesystem in this version",
}
