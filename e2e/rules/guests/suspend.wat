;; A guest of host functions of every kind of signature, to be called with functions
;; that return at once, later, never, or not what they should.
(module
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/user" "echo" (func $echo (param i64) (result i64)))
  (import "user" "nothing" (func $nothing))
  (import "user" "i32" (func $i32 (param i32) (result i32)))
  (import "user" "i64" (func $i64 (param i64) (result i64)))
  (import "user" "f32" (func $f32 (param f32) (result f32)))
  (import "user" "f64" (func $f64 (param f64) (result f64)))
  (import "user" "pair" (func $pair (param i64 i32) (result i64 i32)))

  ;; How often the guest has got past a host function.
  (global (export "passed") (mut i32) (i32.const 0))

  (func $pass (global.set 0 (i32.add (global.get 0) (i32.const 1))))

  (func $give (param $at i64)
    (call $output (local.get $at) (call $length (local.get $at))))

  ;; The output is what echo gives for the input.
  (func (export "echo") (result i32)
    (local $at i64)
    (local.set $at (call $echo (call $input)))
    (call $pass)
    (call $give (local.get $at))
    (i32.const 0))

  ;; The same after a hundred calls, each with the result of the one before.
  (func (export "relay") (result i32)
    (local $at i64) (local $n i32)
    (local.set $at (call $input))
    (local.set $n (i32.const 100))
    (loop $again
      (local.set $at (call $echo (local.get $at)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (call $give (local.get $at))
    (i32.const 0))

  ;; As echo, but whatever can be caught is caught, and tried again ten times.
  (func (export "stubborn") (result i32)
    (local $n i32)
    (local.set $n (i32.const 10))
    (loop $again
      (try
        (do (drop (call $echo (call $input))) (call $pass))
        (catch_all (call $pass)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $again (local.get $n)))
    (i32.const 0))

  (func (export "trap") (result i32) (drop (call $echo (call $input))) (unreachable))

  ;; Six numbers of eight bytes: what each function gives for 7, or 7 and 8.
  (func (export "numbers") (result i32)
    (local $at i64) (local $long i64)
    (local.set $at (call $alloc (i64.const 48)))
    (call $nothing)
    (call $store (local.get $at) (i64.extend_i32_s (call $i32 (i32.const 7))))
    (call $store (i64.add (local.get $at) (i64.const 8)) (call $i64 (i64.const 7)))
    (call $store (i64.add (local.get $at) (i64.const 16))
      (i64.reinterpret_f64 (f64.promote_f32 (call $f32 (f32.const 7)))))
    (call $store (i64.add (local.get $at) (i64.const 24))
      (i64.reinterpret_f64 (call $f64 (f64.const 7))))
    (call $pair (i64.const 7) (i32.const 8))
    (i64.extend_i32_s)
    (local.set $long)
    (call $store (i64.add (local.get $at) (i64.const 40)) (local.get $long))
    (local.set $long)
    (call $store (i64.add (local.get $at) (i64.const 32)) (local.get $long))
    (call $give (local.get $at))
    (i32.const 0))

  ;; Calls echo while it is being initialised, and keeps what came of it.
  (global $first (mut i64) (i64.const -1))
  (func (export "_initialize") (global.set $first (call $i64 (i64.const 1))))
  (func (export "first") (result i32)
    (local $at i64)
    (local.set $at (call $alloc (i64.const 8)))
    (call $store (local.get $at) (global.get $first))
    (call $give (local.get $at))
    (i32.const 0)))
