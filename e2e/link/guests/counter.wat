;; The main module of a circle in which a memory goes one way and a function the
;; other: bump adds 1 to the number at 0. run puts that number out.
(module
  (import "bump" "bump" (func $bump))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1)
  (func (export "run")
    (local $at i64)
    (call $bump)
    (call $bump)
    (local.set $at (call $alloc (i64.const 8)))
    (call $store (local.get $at) (i64.load (i32.const 0)))
    (call $output (local.get $at) (i64.const 8)))
  (func (export "trap") unreachable))
