;; What user_of_lib.wat and user_of_0.wat import.
(module
  (func (export "double") (param i64) (result i64) (i64.mul (local.get 0) (i64.const 2))))
