;; Does not get over its initialisation once the host says so.
(module
  (import "extism:host/user" "host" (func $host (param i64) (result i64)))
  (func (export "_initialize")
    (if (i64.eq (call $host (i64.const 0)) (i64.const 0))
      (then (loop $forever (br $forever)))))
  (func (export "nothing")))
