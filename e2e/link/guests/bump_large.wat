;; bump.wat, asking for a larger memory than there is.
(module
  (import "main" "memory" (memory 2))
  (func (export "bump")))
