#!/usr/bin/env bash
# All tests, the fast ones first. The tools are there: see tools.sh.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/e2e/node_modules/node20/bin:$PATH" # whatever Node the machine has

step() { printf '\n== %s\n' "$*"; }

step "go vet"
go vet ./...
GOOS=js GOARCH=wasm go vet $(scripts/js-packages.sh)

step "types of the shim"
scripts/types.sh

step "JavaScript unit tests"
mapfile -t js_tests < <(git ls-files 'web/*.test.mjs')
if ((${#js_tests[@]})); then
  node --test --test-reporter=dot "${js_tests[@]}"
fi

step "Go tests under js/wasm"
scripts/test-js.sh

# Without the variable the browser and runtime tests skip what is not installed.
# Nothing is taken from the cache: go test cannot know that the browser tests
# depend on the core, which they compile for another platform.
step "Go tests, browser and runtimes"
coverage=$(mktemp)
trap 'rm -f "$coverage"' EXIT
EXTISM_E2E=required go test -count=1 -timeout=30m -coverpkg=./internal/... -coverprofile="$coverage" ./...

# What the tests above have run natively; not what ran as WebAssembly.
step "statement coverage of internal/"
scripts/coverage.sh "$coverage"
