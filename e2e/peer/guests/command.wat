;; A command: _start is its main function. It gives how often that has run.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (memory (export "memory") 1)
  (global $started (mut i64) (i64.const 0))
  (func $give
    (local $at i64)
    (call $store_u64 (local.tee $at (call $alloc (i64.const 8))) (global.get $started))
    (call $output_set (local.get $at) (i64.const 8)))
  (func (export "_start")
    (global.set $started (i64.add (global.get $started) (i64.const 1)))
    (call $give))
  (func (export "started") (result i32) (call $give) (i32.const 0)))
