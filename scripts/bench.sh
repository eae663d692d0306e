#!/usr/bin/env bash
# Runs the benchmarks; each compares runtimes within one run.
set -euo pipefail
cd "$(dirname "$0")/.."
exec go run ./e2e/bench "$@"
