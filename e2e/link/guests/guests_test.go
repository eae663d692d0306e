//go:build !js

// Package guests_test checks that the committed guests are what their sources make.
// Run it with -update to make them.
package guests_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/wattest"
)

var update = flag.Bool("update", false, "write the modules")

func TestCommittedGuests(t *testing.T) {
	sources, err := filepath.Glob("*.wat")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		built := wattest.Assemble(t, source)
		file := strings.TrimSuffix(source, ".wat") + ".wasm"
		if *update {
			if err := os.WriteFile(file, built, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(wattest.Read(t, file), built) {
			t.Errorf("%s is not what its source makes; run go test -update", file)
		}
	}
}
