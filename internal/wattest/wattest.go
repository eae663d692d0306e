// Package wattest assembles modules from text in tests, and checks that committed
// ones are what the text beside them assembles to. It needs wabt; a test that has
// no assembler fails, because what it would have checked is then not known.
package wattest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Assemble gives the module that a file of text makes. Flags go to wat2wasm.
func Assemble(t testing.TB, source string, flags ...string) []byte {
	t.Helper()
	tool, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Fatal("wat2wasm is not installed (Debian: apt-get install wabt)")
	}
	out := filepath.Join(t.TempDir(), "out.wasm")
	if msg, err := exec.Command(tool, append(flags, source, "-o", out)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", source, err, msg)
	}
	return Read(t, out)
}

// AssembleText is Assemble for text that is no file.
func AssembleText(t testing.TB, text string, flags ...string) []byte {
	t.Helper()
	source := filepath.Join(t.TempDir(), "module.wat")
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Assemble(t, source, flags...)
}

// Committed checks that the module beside a source, x.wasm beside x.wat, is what
// the source makes.
func Committed(t testing.TB, source string, flags ...string) {
	t.Helper()
	module := strings.TrimSuffix(source, ".wat") + ".wasm"
	if !bytes.Equal(Read(t, module), Assemble(t, source, flags...)) {
		t.Errorf("%s is not what %s assembles to", module, source)
	}
}

// Read reads a file.
func Read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
