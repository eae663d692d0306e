;; The other half of knot.wat.
(module
  (import "main" "ours" (global i32))
  (global (export "theirs") i32 (i32.const 1)))
