#!/usr/bin/env bash
# What has to hold before a commit: style, types, unit tests, the build, its
# size, and a tree without leftovers.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/e2e/node_modules/node20/bin:$PATH" # whatever Node the machine has

step() { printf '\n== %s\n' "$*"; }

step "gofmt"
unformatted=$(gofmt -l .)
if [[ $unformatted ]]; then
  printf 'not formatted:\n%s\n' "$unformatted" >&2
  exit 1
fi

step "go vet"
go vet ./...
GOOS=js GOARCH=wasm go vet $(scripts/js-packages.sh)

step "types of the shim"
scripts/types.sh

step "unit tests"
go test $(go list ./... | grep -v /e2e)
scripts/test-js.sh

step "build and size"
go run ./cmd/extism-js build -check-size -packages

step "clean tree"
dirty=$(git status --porcelain)
if [[ $dirty ]]; then
  printf 'not committed:\n%s\n' "$dirty" >&2
  exit 1
fi
