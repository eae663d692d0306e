;; One import and one export of each kind, and names that are hard to carry.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "env" "memory" (memory 1))
  (import "env" "table" (table 1 funcref))
  (import "env" "global" (global $g i32))
  (import "e" "" (func))
  (import "näme\00" "\01z\f0\9f\98\80" (func))
  (func $f (export "function"))
  (func (export "") (export "\00\01o"))
  (export "memory" (memory 0))
  (export "table" (table 0))
  (export "global" (global $g))
  (export "alloc again" (func $alloc)))
