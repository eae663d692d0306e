//go:build !js

// Package guests_test checks that the committed guests are what their sources
// make. Run it with -update to make them.
package guests_test

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/wattest"
)

var update = flag.Bool("update", false, "write the generated sources and the modules")

func TestCommittedGuests(t *testing.T) {
	generate(t)
	sources, err := filepath.Glob("*.wat")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			built := wattest.Assemble(t, source, "--enable-exceptions")
			if source == "table.wat" {
				if built, err = withTryTable(built); err != nil {
					t.Fatal(err)
				}
			}
			compare(t, strings.TrimSuffix(source, ".wat")+".wasm", built)
		})
	}
}

// generate makes the sources that package gen writes.
func generate(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command("go", "run", "./gen", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		compare(t, f.Name(), wattest.Read(t, filepath.Join(dir, f.Name())))
	}
}

// withTryTable turns the marked block into a try_table of the same length:
//
//	block            i32.const 0x5a5a5a5a   drop
//	02 40            41 da b4 e9 d2 05      1a
//	1f 40 01 02 00                          01 01 01 01
//	try_table (catch_all 0)                 nop, four times
func withTryTable(module []byte) ([]byte, error) {
	marked := []byte{0x02, 0x40, 0x41, 0xda, 0xb4, 0xe9, 0xd2, 0x05, 0x1a}
	try := []byte{0x1f, 0x40, 0x01, 0x02, 0x00, 0x01, 0x01, 0x01, 0x01}
	if bytes.Count(module, marked) != 1 {
		return nil, errors.New("there is not exactly one marker")
	}
	return bytes.Replace(module, marked, try, 1), nil
}

func compare(t *testing.T, name string, want []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(wattest.Read(t, name), want) {
		t.Errorf("%s is not what its source makes; run go test -update", name)
	}
}
