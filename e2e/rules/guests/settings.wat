;; Tells how it has been set up.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load (param i64) (result i32)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (memory (export "memory") 1)

  ;; A block with a copy of the input.
  (func $input (result i64)
    (local $at i64) (local $i i64)
    (local.set $at (call $alloc (call $input_length)))
    (block $end
      (loop $next
        (br_if $end (i64.ge_u (local.get $i) (call $input_length)))
        (call $store (i64.add (local.get $at) (local.get $i)) (call $input_load (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (local.get $at))

  ;; The config value whose key is the input; no output if there is none.
  (func (export "config") (result i32)
    (local $at i64)
    (local.set $at (call $config_get (call $input)))
    (if (i64.ne (local.get $at) (i64.const 0))
      (then (call $output (local.get $at) (call $length (local.get $at)))))
    (i32.const 0))

  ;; Keeps the input in a var that is called like it.
  (func (export "keep") (result i32)
    (call $var_set (call $input) (call $input))
    (i32.const 0)))
