// Command gen writes the generated modules of package kernel into the current
// folder, as WebAssembly text: gate.wat, gate_native.wat and wasi.wat. Run it by
// `go generate ./internal/kernel`, which also assembles them.
package main

import (
	"fmt"
	"os"
)

// outputs says which file each generator writes.
var outputs = map[string]func() string{
	"gate.wat":        func() string { return gate(true) },
	"gate_native.wat": func() string { return gate(false) },
	"wasi.wat":        wasi,
}

func main() {
	for name, text := range outputs {
		if err := os.WriteFile(name, []byte(text()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
