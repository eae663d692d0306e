;; Keeps a block of changing size in a var, calls the host, and checks that the
;; var is as it was. The input is a length and a seed, of eight bytes each; the
;; output is what the host returned, or -1 if the var was spoilt.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u64" (func $load (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "input_load_u64" (func $input (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/user" "work" (func $work (param i64) (result i64)))
  (memory (export "memory") 1)

  (func $key (result i64)
    (local $at i64)
    (call $store (local.tee $at (call $alloc (i64.const 8))) (i64.const 0x6b726f772d656874))
    (local.get $at))

  ;; What belongs at a place: a few words are enough to see a mix-up.
  (func $word (param $seed i64) (param $at i64) (result i64)
    (i64.mul
      (i64.add (local.get $seed) (local.get $at))
      (i64.const 0x9e3779b97f4a7c15)))

  (func $fill (param $block i64) (param $n i64) (param $seed i64)
    (local $i i64)
    (loop $each
      (call $store (i64.add (local.get $block) (local.get $i)) (call $word (local.get $seed) (local.get $i)))
      (local.set $i (i64.add (local.get $i) (i64.const 64)))
      (br_if $each (i64.lt_u (local.get $i) (local.get $n)))))

  (func $intact (param $block i64) (param $n i64) (param $seed i64) (result i32)
    (local $i i64)
    (if (i64.ne (call $length (local.get $block)) (local.get $n)) (then (return (i32.const 0))))
    (loop $each
      (if (i64.ne
            (call $load (i64.add (local.get $block) (local.get $i)))
            (call $word (local.get $seed) (local.get $i)))
        (then (return (i32.const 0))))
      (local.set $i (i64.add (local.get $i) (i64.const 64)))
      (br_if $each (i64.lt_u (local.get $i) (local.get $n))))
    (i32.const 1))

  (func (export "work") (result i32)
    (local $n i64) (local $seed i64) (local $block i64) (local $answer i64)
    (local.set $n (call $input (i64.const 0)))
    (local.set $seed (call $input (i64.const 8)))
    (local.set $block (call $alloc (local.get $n)))
    (call $fill (local.get $block) (local.get $n) (local.get $seed))
    (call $var_set (call $key) (local.get $block))
    (local.set $answer (call $work (local.get $seed)))
    (local.set $block (call $var_get (call $key)))
    (if (i32.eqz (call $intact (local.get $block) (local.get $n) (local.get $seed)))
      (then (local.set $answer (i64.const -1))))
    (call $free (local.get $block))
    (call $store (local.tee $block (call $alloc (i64.const 8))) (local.get $answer))
    (call $output (local.get $block) (i64.const 8))
    (i32.const 0)))
