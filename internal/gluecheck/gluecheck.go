// Package gluecheck tells when Go has moved on from under web/wasm_exec.js.
//
// That file is our own side of the interface between Go's js/wasm runtime and
// JavaScript, which Go changes without notice. The toolchain's own side,
// $GOROOT/lib/wasm/wasm_exec.js, is the only place where such a change shows
// before programs break, so the glue pins its hash and Go's minor version.
package gluecheck

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Pin is what the glue says that it was written for.
type Pin struct {
	Go             string // major.minor, as in "1.26"
	WasmExecSHA256 string // of $GOROOT/lib/wasm/wasm_exec.js, lower-case hex
}

// Toolchain is what is installed, and what go.mod asks for.
type Toolchain struct {
	Version        string // as of go env GOVERSION, as in "go1.26.8"
	ModVersion     string // go.mod's go line, as in "1.26"
	WasmExecSHA256 string
}

var (
	pinnedGo     = regexp.MustCompile(`(?m)^\s*go: "([0-9.]+)",$`)
	pinnedSHA256 = regexp.MustCompile(`(?m)^\s*wasmExecSHA256: "([0-9a-f]{64})",$`)
	modGo        = regexp.MustCompile(`(?m)^go\s+(\S+)`)
)

// ReadPin finds the pin in the source of web/wasm_exec.js.
func ReadPin(source []byte) (Pin, error) {
	goVersion, hash := pinnedGo.FindSubmatch(source), pinnedSHA256.FindSubmatch(source)
	if goVersion == nil || hash == nil {
		return Pin{}, errors.New("gluecheck: the glue exports no toolchain record with go and wasmExecSHA256")
	}
	return Pin{Go: string(goVersion[1]), WasmExecSHA256: string(hash[1])}, nil
}

// Installed describes the go command in PATH and the go.mod file in root, the
// module's directory.
func Installed(root string) (Toolchain, error) {
	mod, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return Toolchain{}, fmt.Errorf("gluecheck: %w", err)
	}
	line := modGo.FindSubmatch(mod)
	if line == nil {
		return Toolchain{}, errors.New("gluecheck: go.mod has no go line")
	}
	cmd := exec.Command("go", "env", "-json", "GOROOT", "GOVERSION")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return Toolchain{}, fmt.Errorf("gluecheck: go env: %w", err)
	}
	var env struct{ GOROOT, GOVERSION string }
	if err := json.Unmarshal(out, &env); err != nil {
		return Toolchain{}, fmt.Errorf("gluecheck: go env: %w", err)
	}
	file, err := os.ReadFile(filepath.Join(env.GOROOT, "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		return Toolchain{}, fmt.Errorf("gluecheck: %w", err)
	}
	hash := sha256.Sum256(file)
	return Toolchain{
		Version:        env.GOVERSION,
		ModVersion:     string(line[1]),
		WasmExecSHA256: hex.EncodeToString(hash[:]),
	}, nil
}

// Check returns an error that says what to do if the toolchain is not the one
// that the glue was written for.
func Check(pin Pin, tool Toolchain) error {
	want := "go" + pin.Go
	// A development version reads "devel go1.27-..."; experiments follow a space.
	installed := strings.TrimPrefix(tool.Version, "devel ")
	installed, _, _ = strings.Cut(installed, " ")
	if got := version.Lang(installed); got != want {
		return fmt.Errorf("gluecheck: the go command is %s, but web/wasm_exec.js is written for %s: %s", tool.Version, want, remedy)
	}
	if got := version.Lang("go" + tool.ModVersion); got != want {
		return fmt.Errorf("gluecheck: go.mod says go %s, but web/wasm_exec.js is written for %s: %s", tool.ModVersion, want, remedy)
	}
	if tool.WasmExecSHA256 != pin.WasmExecSHA256 {
		return fmt.Errorf("gluecheck: lib/wasm/wasm_exec.js of %s has SHA-256 %s, but web/wasm_exec.js is written for %s: %s", tool.Version, tool.WasmExecSHA256, pin.WasmExecSHA256, remedy)
	}
	return nil
}

const remedy = `compare the toolchain's lib/wasm/wasm_exec.js of both versions, ` +
	`take over what changed in the interface (imports, offsets, exports run, resume and getsp), ` +
	`run web/test/wasm_exec.test.mjs and the standard library's tests with -exec=web/test/go_js_wasm_exec, ` +
	`then update the toolchain record in web/wasm_exec.js and the go line in go.mod`
