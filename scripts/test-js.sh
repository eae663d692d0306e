#!/usr/bin/env bash
# Runs the tests of the js/wasm packages under Node.
set -euo pipefail
cd "$(dirname "$0")/.."
# The toolchain's runner, with its own glue: these tests check Go code.
PATH="$PATH:$(go env GOROOT)/lib/wasm"
export PATH
GOOS=js GOARCH=wasm go test ./internal/...
