;; It imports one function twice, by two types.
(module
  (import "odd" "odd" (func (param i32) (result i32)))
  (import "odd" "odd" (func (param i64) (result i32)))
  (func (export "even") (param i32) (result i32) (i32.const 0))
  (func (export "run")))
