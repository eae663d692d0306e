;; The main module of a circle through which vectors go, which JavaScript cannot
;; carry: run puts out 4 * 21 from the first lane.
(module
  (import "twice" "twice" (func $twice (param v128) (result v128)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (func (export "add") (param v128 v128) (result v128) (i64x2.add (local.get 0) (local.get 1)))
  (func (export "run")
    (local $at i64)
    (local.set $at (call $alloc (i64.const 8)))
    (call $store (local.get $at)
      (i64x2.extract_lane 0 (call $twice (call $twice (v128.const i64x2 21 0)))))
    (call $output (local.get $at) (i64.const 8))))
