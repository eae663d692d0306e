;; Calls host functions of each type, and gives what they return as eight bytes.
(module
  (import "extism:host/user" "i64" (func $i64 (param i64) (result i64)))
  (import "extism:host/user" "i32" (func $i32 (param i32) (result i32)))
  (import "extism:host/user" "f64" (func $f64 (param f64) (result f64)))
  (import "extism:host/user" "nothing" (func $nothing))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (memory (export "memory") 1)
  ;; How often a host function has returned to this instance.
  (global $returned (export "returned") (mut i32) (i32.const 0))

  (func $give (param $bytes i64) (result i32)
    (local $at i64)
    (global.set $returned (i32.add (global.get $returned) (i32.const 1)))
    (call $store (local.tee $at (call $alloc (i64.const 8))) (local.get $bytes))
    (call $output (local.get $at) (i64.const 8))
    (i32.const 0))

  (func $block (param $bytes i64) (result i64)
    (local $at i64)
    (call $store (local.tee $at (call $alloc (i64.const 8))) (local.get $bytes))
    (local.get $at))

  (func (export "i64") (result i32) (call $give (call $i64 (call $input))))
  (func (export "i32") (result i32) (call $give (i64.extend_i32_s (call $i32 (i32.const 7)))))
  (func (export "f64") (result i32) (call $give (i64.reinterpret_f64 (call $f64 (f64.const 0.5)))))
  (func (export "nothing") (result i32) (call $nothing) (call $give (i64.const 1)))
  (func (export "log") (result i32) (call $log_info (call $block (i64.const 0x2e656e696c2e6120))) (call $give (i64.const 1)))
  ;; Calls the host, then uses a function of the environment.
  (func (export "then_var") (result i32)
    (call $nothing)
    (call $var_set (call $block (i64.const 1)) (call $block (i64.const 2)))
    (call $give (i64.const 1))))
