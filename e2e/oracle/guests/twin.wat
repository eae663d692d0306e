;; A library with a state of its own, to be there twice.
(module
  (global $n (mut i64) (i64.const 0))
  ;; The Go SDK looks for exports by the names that functions have in the module.
  (func $next (export "next") (param $by i64) (result i64)
    (global.set $n (i64.add (global.get $n) (local.get $by)))
    (global.get $n)))
