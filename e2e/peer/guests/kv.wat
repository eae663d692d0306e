;; Counts the bytes of all its inputs, and keeps the total in the host's store
;; under the key "total".
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/user" "kv_read" (func $kv_read (param i64) (result i64)))
  (import "extism:host/user" "kv_write" (func $kv_write (param i64 i64)))
  (memory (export "memory") 1)
  (data (i32.const 0) "total")

  (func $key (result i64)
    (local $at i64) (local $i i32)
    (local.set $at (call $alloc (i64.const 5)))
    (loop $next
      (call $store_u8 (i64.add (local.get $at) (i64.extend_i32_u (local.get $i))) (i32.load8_u (local.get $i)))
      (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5))))
    (local.get $at))

  (func (export "count") (result i32)
    (local $at i64) (local $total i64)
    (local.set $total (i64.add (call $load_u64 (call $kv_read (call $key))) (call $input_length)))
    (call $store_u64 (local.tee $at (call $alloc (i64.const 8))) (local.get $total))
    (call $kv_write (call $key) (local.get $at))
    (call $output_set (local.get $at) (i64.const 8))
    (i32.const 0)))
