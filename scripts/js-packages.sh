#!/usr/bin/env bash
# Lists the module's packages that the core consists of: those that have to
# compile for js/wasm. The tools of the command line are not among them.
set -euo pipefail
cd "$(dirname "$0")/.."
GOOS=js GOARCH=wasm go list -deps ./cmd/extism-js | grep "^$(go list -m)/"
