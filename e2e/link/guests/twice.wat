;; The other half of vector.wat.
(module
  (import "main" "add" (func $add (param v128 v128) (result v128)))
  (func (export "twice") (param v128) (result v128) (call $add (local.get 0) (local.get 0))))
