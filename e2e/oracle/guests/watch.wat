;; A plug-in whose function is another module's. It lets the host look at the vars
;; after a call of a guest that cannot show them itself.
(module
  (import "guest" "run_test" (func $run_test (result i32)))
  (import "extism:host/user" "inspect" (func $inspect))
  (func (export "run_test") (result i32) (call $run_test))
  (func (export "vars") (call $inspect)))
