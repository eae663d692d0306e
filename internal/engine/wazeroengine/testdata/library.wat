;; A library with constructors.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (global $order (mut i64) (i64.const 0))
  ;; note appends a letter to the order.
  (func $note (param $letter i64)
    (global.set $order (i64.or (i64.shl (global.get $order) (i64.const 8)) (local.get $letter))))
  (func (export "__wasm_call_ctors") (call $note (i64.const 99))) ;; c
  (func (export "_start") (call $note (i64.const 115))) ;; s
  ;; order gives the letters, the last first.
  (func (export "order") (local $off i64)
    (local.set $off (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $off) (global.get $order))
    (call $output_set (local.get $off) (i64.const 8)))
  (func (export "trap") unreachable))
