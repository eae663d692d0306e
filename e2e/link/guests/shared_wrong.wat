;; It asks for a constant as a variable.
(module
  (import "shared" "step" (global (mut i64)))
  (func (export "run")))
