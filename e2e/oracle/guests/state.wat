;; A guest that counts its calls, in a global, and knows every way to end one. It
;; shows how long an instance lives, and what a name that is no function is.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (global $calls (export "calls") (mut i32) (i32.const 0))
  (table (export "table") 1 funcref)

  ;; The number of calls so far as one byte, from "a" on.
  (func $count (export "count") (result i32)
    (local $off i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (local.set $off (call $alloc (i64.const 1)))
    (call $store_u8 (local.get $off) (i32.add (i32.const 96) (global.get $calls)))
    (call $output_set (local.get $off) (i64.const 1))
    (i32.const 0))

  ;; The input as it is.
  (func (export "echo") (result i32)
    (call $output_set (call $input_offset) (call $input_length))
    (i32.const 0))

  ;; The input as an error, with a code of each kind.
  (func $error (call $error_set (call $input_offset)))
  (func (export "fail") (result i32) (drop (call $count)) (call $error) (i32.const 1))
  (func (export "fail_zero") (result i32) (call $error) (i32.const 0))
  (func (export "fail_code") (result i32) (call $error) (i32.const 42))
  (func (export "fail_negative") (result i32) (call $error) (i32.const -7))
  (func (export "fail_void") (call $error))
  (func (export "code") (result i32) (drop (call $count)) (i32.const 3))
  (func (export "code_negative") (result i32) (i32.const -2147483648))
  (func (export "code_i64") (result i64) (i64.const 5))
  (func (export "void") (drop (call $count)))
  (func (export "nothing") (result i32) (i32.const 0))

  (func (export "trap") (result i32) (drop (call $count)) (unreachable))
  (func (export "trap_memory") (result i32) (i32.load (i32.const -1)))
  (func (export "trap_divide") (result i32) (i32.div_s (i32.const 1) (i32.load (i32.const 0))))
  (func (export "trap_call") (result i32) (call_indirect (result i32) (i32.const 0)))
  (func $recurse (export "trap_stack") (result i32) (i32.add (call $recurse) (i32.const 1)))
  (func (export "trap_with_error") (result i32) (call $error) (unreachable))

  (func (export "exit_zero") (result i32) (drop (call $count)) (call $proc_exit (i32.const 0)) (i32.const 9))
  (func (export "exit") (result i32) (call $proc_exit (i32.const 7)) (i32.const 0))
  (func (export "exit_negative") (result i32) (call $proc_exit (i32.const -1)) (i32.const 0))
  (func (export "exit_with_error") (result i32) (call $error) (call $proc_exit (i32.const 7)) (i32.const 0)))
