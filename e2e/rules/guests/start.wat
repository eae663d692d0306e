;; A guest that calls a host function while it is being instantiated.
(module
  (import "user" "i64" (func $i64 (param i64) (result i64)))
  (global $first (mut i64) (i64.const -1))
  (func $start (global.set $first (call $i64 (i64.const 1))))
  (start $start)
  (func (export "first") (result i32) (i32.wrap_i64 (i64.sub (global.get $first) (i64.const 1)))))
