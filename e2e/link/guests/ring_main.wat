;; One of three modules in a ring: f(n) asks the next for f(n - 1) and adds its digit.
(module
  (import "a" "f" (func $next (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (func $f (export "f") (param i64) (result i64)
    (if (result i64) (i64.eqz (local.get 0))
      (then (i64.const 0))
      (else
        (i64.add (i64.const 1)
          (i64.mul (i64.const 10) (call $next (i64.sub (local.get 0) (i64.const 1))))))))
  (func (export "run")
    (local $at i64)
    (local.set $at (call $alloc (i64.const 8)))
    (call $store (local.get $at) (call $f (i64.const 4)))
    (call $output (local.get $at) (i64.const 8))))
