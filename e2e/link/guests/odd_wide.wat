;; It exports what even.wat asks for with another type, and more.
(module
  (func (export "odd") (param i64) (result i32) (i32.const 0))
  (func (export "oddly"))
  (memory (export "memory") 1))
