;; Grows its own memory and the kernel's in the middle of a call, and uses both
;; afterwards: a view that was made before is stale.
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
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/user" "grown" (func $grown (param i64) (result i64)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)

  (func $block (param $bytes i64) (result i64)
    (local $at i64)
    (call $store (local.tee $at (call $alloc (i64.const 8))) (local.get $bytes))
    (local.get $at))

  ;; Makes the kernel's memory larger by at least this many bytes, and gives a block
  ;; at its end, with the first word of the input in it.
  (func $far (param $bytes i64) (result i64)
    (drop (call $alloc (local.get $bytes)))
    (call $block (call $input (i64.const 0))))

  (func $check (param $ok i32) (param $code i32)
    (if (i32.eqz (local.get $ok)) (then (drop (call $fail (local.get $code))))))
  (func $fail (param $code i32) (result i32)
    (global.set $failed (local.get $code))
    (unreachable))
  (global $failed (export "failed") (mut i32) (i32.const 0))

  ;; A line in the guest's newest page goes out through WASI, and random bytes come in.
  (func $newest_page
    (local $base i32)
    (local.set $base (i32.mul (memory.grow (i32.const 3)) (i32.const 65536)))
    (i32.store (local.get $base) (i32.add (local.get $base) (i32.const 64)))
    (i32.store offset=4 (local.get $base) (i32.const 6))
    (i64.store offset=64 (local.get $base) (i64.const 0x0a6e77_6f7267))
    (call $check (i32.eqz (call $fd_write (i32.const 1) (local.get $base) (i32.const 1) (i32.add (local.get $base) (i32.const 16)))) (i32.const 1))
    (call $check (i32.eq (i32.load offset=16 (local.get $base)) (i32.const 6)) (i32.const 2))
    (call $check (i32.eqz (call $random_get (i32.add (local.get $base) (i32.const 128)) (i32.const 64))) (i32.const 3))
    (call $check (i64.ne (i64.load offset=184 (local.get $base)) (i64.const 0)) (i32.const 4)))

  (func (export "grow") (result i32)
    (local $step i64) (local $at i64)
    (local.set $step (call $input (i64.const 8)))
    (call $newest_page)
    ;; The var goes in from a place that was not there when the call began...
    (call $var_set (call $block (i64.const 1)) (call $far (local.get $step)))
    ;; ...and comes out into one that was not there when it went in.
    (drop (call $alloc (local.get $step)))
    (local.set $at (call $var_get (call $block (i64.const 1))))
    (call $check (i64.eq (call $load (local.get $at)) (call $input (i64.const 0))) (i32.const 5))
    (call $log_info (call $far (local.get $step)))
    ;; The host reads a block, and makes the kernel grow before it answers.
    (local.set $at (call $grown (call $far (local.get $step))))
    (call $check (i64.eq (call $load (local.get $at)) (call $input (i64.const 0))) (i32.const 6))
    (call $newest_page)
    (call $output (call $far (local.get $step)) (i64.const 8))
    (i32.const 0)))
