;; Wants a memory of the host.
(module
  (import "extism:host/user" "memory" (memory 1))
  (func (export "run") (result i32) (i32.const 0)))
