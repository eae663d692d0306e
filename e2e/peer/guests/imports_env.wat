;; Wants a function that Extism's environment does not have.
(module
  (import "extism:host/env" "no_such_function" (func))
  (func (export "run") (result i32) (i32.const 0)))
