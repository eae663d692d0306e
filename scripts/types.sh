#!/usr/bin/env bash
# Checks the shim's JSDoc types and the public declarations.
set -euo pipefail
cd "$(dirname "$0")/.."
e2e/node_modules/.bin/tsc --project web/tsconfig.json

# Programs written for @extism/extism, against our declarations and against its own.
e2e/node_modules/.bin/tsc --project web/test/types/programs
e2e/node_modules/.bin/tsc --project web/test/types/programs/peer
