#!/usr/bin/env bash
# Runs Go tests as js/wasm under Node, on our own glue: those of the core's
# packages, and the standard library's of the package that the glue serves.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/e2e/node_modules/node20/bin:$PATH" # whatever Node the machine has
GOOS=js GOARCH=wasm go test -exec="$PWD/web/test/go_js_wasm_exec" syscall/js $(scripts/js-packages.sh)
