;; Doubles the length of its input, by way of a module called "lib".
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "lib" "double" (func $double (param i64) (result i64)))
  (func (export "run") (result i32)
    (local $at i64)
    (call $store_u64 (local.tee $at (call $alloc (i64.const 8))) (call $double (call $input_length)))
    (call $output_set (local.get $at) (i64.const 8))
    (i32.const 0)))
