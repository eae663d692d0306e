;; A main module on top of the side module.
(module
  (import "side" "count" (func $count (result i32)))
  (import "side" "trap" (func $trap))
  (func (export "count") (result i32) (call $count))
  (func (export "trap") (call $trap)))
