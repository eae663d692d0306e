;; Wants a function that a host may or may not offer.
(module
  (import "extism:host/user" "absent" (func))
  (func (export "run") (result i32) (i32.const 0)))
