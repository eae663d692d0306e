;; A guest that calls functions of the host's own.
(module
  (import "user" "text" (func $text (param i64) (result i64)))
  (import "user" "numbers" (func $numbers (param i32 f64 f32) (result f64)))
  (import "user" "fail" (func $fail))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (func (export "text") (local $off i64)
    (local.set $off (call $text (call $input_offset)))
    (call $output_set (local.get $off) (call $length (local.get $off))))
  (func (export "numbers") (result f64)
    (call $numbers (i32.const -2) (f64.const 0.5) (f32.const 1.5)))
  (func (export "fail") (call $fail)))
