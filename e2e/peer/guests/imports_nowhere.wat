;; Wants a function of a module that nobody has heard of.
(module
  (import "nowhere" "f" (func))
  (func (export "run") (result i32) (i32.const 0)))
