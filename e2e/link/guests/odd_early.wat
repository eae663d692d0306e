;; odd.wat with a start function, which runs before the main module is there.
(module
  (import "main" "even" (func $even (param i32) (result i32)))
  (func $start (drop (call $even (i32.const 0))))
  (start $start)
  (func (export "odd") (param i32) (result i32) (local.get 0)))
