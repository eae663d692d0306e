#!/usr/bin/env bash
# Prints what share of the statements of each package a coverage profile
# (go test -coverprofile) has seen run, and of all. A statement that several test
# programs report on counts once.
set -euo pipefail
awk '
  # path/file.go:line.column,line.column statements times
  NR > 1 {
    statements[$1] = $2
    if ($3 > 0) ran[$1] = 1
  }
  END {
    for (block in statements) {
      package = block
      sub(/\/[^\/]*$/, "", package)
      sub(/^.*\/internal\//, "internal/", package)
      all[package] += statements[block]; total += statements[block]
      if (block in ran) { hit[package] += statements[block]; totalHit += statements[block] }
    }
    for (package in all) if (all[package]) printf "%-34s %5.1f %%  of %5d\n", package, 100 * hit[package] / all[package], all[package] | "sort"
    close("sort")
    printf "%-34s %5.1f %%  of %5d\n", "total", total ? 100 * totalHit / total : 0, total
  }
' "$1"
