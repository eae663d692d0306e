;; A small module with something of everything, to be truncated and bent.
(module
  (type $t (func (param i32) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 1 4)
  (table 2 funcref)
  (global $g (mut i32) (i32.const 5))
  (elem (i32.const 0) $twice $start)
  (data (i32.const 8) "some data")
  (func $twice (type $t) (i32.mul (local.get 0) (i32.const 2)))
  (func $start (type $t) (i32.add (local.get 0) (global.get $g)))
  (func $init (global.set $g (i32.const 6)))
  (start $init)
  (func (export "run") (result i32)
    (call $output (call $alloc (i64.const 16)) (i64.const 16))
    (i32.sub
      (call_indirect (type $t) (i32.const 21) (i32.const 0))
      (i32.const 42))))
