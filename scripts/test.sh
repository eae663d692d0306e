#!/usr/bin/env bash
# All tests, the fast ones first. The tools are there: see tools.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step "go vet"
go vet ./...
GOOS=js GOARCH=wasm go vet ./cmd/extism-js ./internal/...

step "types of the shim"
scripts/types.sh

step "JavaScript unit tests"
mapfile -t js_tests < <(git ls-files 'web/*.test.mjs')
if ((${#js_tests[@]})); then
  node --test --test-reporter=dot "${js_tests[@]}"
fi

step "Go tests under js/wasm"
scripts/test-js.sh

# Without this variable the browser and runtime tests skip what is not installed.
step "Go tests, browser and runtimes"
EXTISM_E2E=required go test ./...
