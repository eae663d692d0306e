//go:build js && wasm

// Command extism-js, built for GOOS=js, is the core that a page, an edge worker
// or a server-side JavaScript runtime runs once for all its plug-ins.
package main

import (
	"fmt"
	"os"

	"github.com/extism-js/extism-js/internal/bridge"
)

func main() {
	release, err := bridge.Run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "extism-js:", err)
		os.Exit(1)
	}
	defer release()
	select {} // the exports answer from here on
}
