#!/usr/bin/env bash
# Checks the JSDoc types of the shim and of examples, and the public declarations.
set -euo pipefail
cd "$(dirname "$0")/.."
e2e/node_modules/.bin/tsc --project web/tsconfig.json
e2e/node_modules/.bin/tsc --project examples/codecs/tsconfig.json

# Programs written for @extism/extism, against our declarations and against its own.
e2e/node_modules/.bin/tsc --project web/test/types/programs
e2e/node_modules/.bin/tsc --project web/test/types/programs/peer
