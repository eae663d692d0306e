;; Imports two copies of one library under two names.
(module
  (import "left" "next" (func $left (param i64) (result i64)))
  (import "right" "next" (func $right (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  ;; What the two say, as two u64.
  (func (export "next") (result i32)
    (local $off i64)
    (local.set $off (call $alloc (i64.const 16)))
    (call $store_u64 (local.get $off) (call $left (i64.const 1)))
    (call $store_u64 (i64.add (local.get $off) (i64.const 8)) (call $right (i64.const 100)))
    (call $output_set (local.get $off) (i64.const 16))
    (i32.const 0)))
