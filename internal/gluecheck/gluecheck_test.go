package gluecheck

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGlueMatchesToolchain fails when the toolchain is not the one that
// web/wasm_exec.js was written for; its message says what to do.
func TestGlueMatchesToolchain(t *testing.T) {
	root := filepath.Join("..", "..")
	source, err := os.ReadFile(filepath.Join(root, "web", "wasm_exec.js"))
	if err != nil {
		t.Fatal(err)
	}
	pin, err := ReadPin(source)
	if err != nil {
		t.Fatal(err)
	}
	tool, err := Installed(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := Check(pin, tool); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	const hash = "0123"
	pin := Pin{Go: "1.26", WasmExecSHA256: hash}
	for _, test := range []struct {
		name string
		tool Toolchain
		want string // part of the error; empty for none
	}{
		{"same", Toolchain{"go1.26.8", "1.26", hash}, ""},
		{"other patch release", Toolchain{"go1.26.9", "1.26.1", hash}, ""},
		{"release candidate", Toolchain{"go1.26rc1", "1.26", hash}, ""},
		{"with experiments", Toolchain{"go1.26.8 X:jsonv2", "1.26", hash}, ""},
		{"newer toolchain", Toolchain{"go1.27.0", "1.26", hash}, "go command is go1.27.0"},
		{"development toolchain", Toolchain{"devel go1.27-abcdef", "1.26", hash}, "go command is devel"},
		{"older go.mod", Toolchain{"go1.26.8", "1.25", hash}, "go.mod says go 1.25"},
		{"changed glue", Toolchain{"go1.26.8", "1.26", "4567"}, "SHA-256 4567"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := Check(pin, test.tool)
			if test.want == "" && err != nil {
				t.Errorf("got %v, want no error", err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestReadPinWithoutRecord(t *testing.T) {
	if pin, err := ReadPin([]byte("export const other = 1;\n")); err == nil {
		t.Errorf("got %v, want an error", pin)
	}
}
