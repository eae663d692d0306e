;; A module whose start function calls the host.
(module
  (import "user" "fail" (func $fail))
  (start $fail)
  (func (export "noop")))
