;; Sets an error as long as its input says, all of zero bytes.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "input_load_u64" (func $input (param i64) (result i64)))

  (func (export "fails") (result i32)
    (call $error_set (call $alloc (call $input (i64.const 0))))
    (i32.const 1))
  (func (export "traps") (result i32)
    (call $error_set (call $alloc (call $input (i64.const 0))))
    unreachable))
