;; It imports from itself.
(module
  (import "main" "run" (func))
  (func (export "run")))
