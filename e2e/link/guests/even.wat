;; The main module of a circle: it and the module "odd" call each other. run puts out
;; even(1000) + 10 * even(7), as 64 bits.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "odd" "odd" (func $odd (param i32) (result i32)))
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 1))
      (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "run")
    (local $at i64)
    (local.set $at (call $alloc (i64.const 8)))
    (call $store (local.get $at)
      (i64.extend_i32_u (i32.add (call $even (i32.const 1000)) (i32.mul (i32.const 10) (call $even (i32.const 7))))))
    (call $output (local.get $at) (i64.const 8)))
  (func (export "trap") unreachable))
