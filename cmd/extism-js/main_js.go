//go:build js && wasm

// Command extism-js, built for GOOS=js, is the core that a page, an edge worker
// or a server-side JavaScript runtime runs once for all its plug-ins.
package main

import "github.com/extism-js/extism-js/internal/bridge"

func main() {
	release, err := bridge.Run()
	if err != nil {
		panic(err) // prints and exits, without the download of package os
	}
	defer release()
	select {} // the exports answer from here on
}
