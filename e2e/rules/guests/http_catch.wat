;; Makes the HTTP request of its input three times, catches all that it can, and goes
;; on.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
  ;; 1: the guest ran on after a request; 2: it caught something that came out of it.
  (global $ran (export "ran") (mut i32) (i32.const 0))

  (func $copy (result i64)
    (local $i i64) (local $at i64)
    (local.set $at (call $alloc (call $input_length)))
    (loop $next
      (call $store (i64.add (local.get $at) (local.get $i)) (call $load (i64.add (call $input) (local.get $i))))
      (local.set $i (i64.add (local.get $i) (i64.const 1)))
      (br_if $next (i64.lt_u (local.get $i) (call $input_length))))
    (local.get $at))

  (func (export "nothing"))
  (func (export "stubborn") (result i32)
    (local $left i32)
    (local.set $left (i32.const 3))
    (loop $again
      (try
        (do
          (drop (call $http_request (call $copy) (i64.const 0)))
          (global.set $ran (i32.or (global.get $ran) (i32.const 1))))
        (catch_all
          (global.set $ran (i32.or (global.get $ran) (i32.const 2)))))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br_if $again (local.get $left)))
    (i32.const 0)))
