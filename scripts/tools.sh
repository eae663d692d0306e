#!/usr/bin/env bash
# Installs what the tests need and is not there yet: a browser and compilers
# from Debian, and the npm packages of e2e/. Prints only what it installs.
set -euo pipefail
cd "$(dirname "$0")/.."

# program:package
wanted=(chromium:chromium wat2wasm:wabt clang:clang wasm-ld:lld node:nodejs npm:npm)
packages=()
for pair in "${wanted[@]}"; do
  command -v "${pair%%:*}" >/dev/null || packages+=("${pair##*:}")
done

if ((${#packages[@]})); then
  if ((EUID != 0)) || ! command -v apt-get >/dev/null; then
    echo "please install: ${packages[*]} (on Debian: apt-get install ${packages[*]})" >&2
    exit 1
  fi
  echo "installing ${packages[*]}"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  export DEBIAN_FRONTEND=noninteractive
  if ! { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
  fi
fi

# npm leaves a copy of the lock file in node_modules when it is done.
if [[ ! -e e2e/node_modules/.package-lock.json || e2e/package-lock.json -nt e2e/node_modules/.package-lock.json ]]; then
  echo "installing npm packages in e2e/"
  npm ci --prefix e2e --no-audit --no-fund --loglevel=error
  touch e2e/node_modules/.package-lock.json
fi
