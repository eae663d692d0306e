;; It imports a function of the host's that takes a vector.
(module
  (import "extism:host/user" "f" (func (param v128)))
  (func (export "run")))
