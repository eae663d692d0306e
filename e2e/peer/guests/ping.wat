;; One of two modules that call each other: the sum of the numbers up to the
;; length of the input.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "pong" "sum" (func $sum (param i64) (result i64)))
  (func (export "sum") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 0))
      (else (i64.add (local.get 0) (call $sum (i64.sub (local.get 0) (i64.const 1)))))))
  (func (export "run") (result i32)
    (local $at i64)
    (call $store_u64 (local.tee $at (call $alloc (i64.const 8))) (call $sum (call $input_length)))
    (call $output_set (local.get $at) (i64.const 8))
    (i32.const 0)))
