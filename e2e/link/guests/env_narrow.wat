;; It imports a function of the environment with another type.
(module
  (import "extism:host/env" "free" (func (param i32)))
  (func (export "run")))
