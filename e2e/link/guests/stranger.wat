;; It imports from a module that nobody gives.
(module
  (import "od" "odd" (func (param i32) (result f64)))
  (func (export "run")))
