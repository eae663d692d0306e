;; Each export does one thing that a plug-in may do, with its input as the
;; argument, so that a scenario can ask a host how it takes just that.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_trace" (func $log_trace (param i64)))
  (import "extism:host/env" "log_debug" (func $log_debug (param i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
  (import "extism:host/env" "log_error" (func $log_error (param i64)))
  (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
  (memory (export "memory") 1)
  (global (export "answer") i32 (i32.const 42))
  (global $calls (mut i64) (i64.const 0))

  ;; A copy of the input in a block of its own: what takes a block may free it.
  (func $copy (result i64)
    (local $at i64) (local $i i64) (local $n i64)
    (local.set $at (call $alloc (local.tee $n (call $input_length))))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
        (call $store_u8 (i64.add (local.get $at) (local.get $i)) (call $input_load_u8 (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (local.get $at))

  ;; Eight bytes in a block.
  (func $block (param $bytes i64) (result i64)
    (local $at i64)
    (call $store_u64 (local.tee $at (call $alloc (i64.const 8))) (local.get $bytes))
    (local.get $at))

  ;; A block as the output; nothing if there is none.
  (func $give (param $at i64) (result i32)
    (if (i64.ne (local.get $at) (i64.const 0))
      (then (call $output_set (local.get $at) (call $length (local.get $at)))))
    (i32.const 0))

  ;; Output
  (func (export "echo") (result i32)
    (call $output_set (call $copy) (call $input_length))
    (i32.const 0))
  (func (export "pass_on") (result i32)
    (call $output_set (call $input_offset) (call $input_length))
    (i32.const 0))
  (func (export "nothing") (result i32) (i32.const 0))
  (func (export "empty") (result i32)
    (call $output_set (call $block (i64.const 0)) (i64.const 0))
    (i32.const 0))
  (func (export "first_four") (result i32)
    (call $output_set (call $copy) (i64.const 4))
    (i32.const 0))
  (func (export "without_result") (drop (call $give (call $copy))))

  ;; Failure
  (func (export "fail") (result i32) (call $error_set (call $copy)) (i32.const 1))
  (func (export "fail_with_7") (result i32) (call $error_set (call $copy)) (i32.const 7))
  (func (export "fail_with_0") (result i32) (call $error_set (call $copy)) (i32.const 0))
  (func (export "return_3") (result i32) (i32.const 3))
  (func (export "return_3_and_output") (result i32) (drop (call $give (call $copy))) (i32.const 3))
  (func (export "trap") (result i32) (unreachable))
  (func (export "count_and_trap") (result i32)
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (unreachable))
  (func (export "count") (result i32)
    (global.set $calls (i64.add (global.get $calls) (i64.const 1)))
    (call $give (call $block (global.get $calls))))

  ;; Config and vars; the var's name is "last" with four spaces.
  (func (export "config") (result i32) (call $give (call $config_get (call $copy))))
  (func $last (result i64) (call $block (i64.const 0x202020207473616c)))
  (func (export "remember") (result i32) (call $var_set (call $last) (call $copy)) (i32.const 0))
  (func (export "recall") (result i32) (call $give (call $var_get (call $last))))
  (func (export "forget") (result i32) (call $var_set (call $last) (i64.const 0)) (i32.const 0))

  ;; Logging, at each level in turn
  (func (export "log") (result i32)
    (call $log_trace (call $copy))
    (call $log_debug (call $copy))
    (call $log_info (call $copy))
    (call $log_warn (call $copy))
    (call $log_error (call $copy))
    (i32.const 0))
  (func (export "log_level") (result i32)
    (call $give (call $block (i64.extend_i32_s (call $get_log_level)))))

  ;; Memory. Allocates as many blocks of eight bytes as the input says, each with
  ;; its number, and gives the sum of all when they are there.
  (func (export "blocks") (result i32)
    (local $i i64) (local $n i64) (local $first i64) (local $at i64) (local $sum i64)
    (local.set $n (call $input_load_u64 (i64.const 0)))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
        (local.set $at (call $block (local.get $i)))
        (local.set $sum (i64.add (local.get $sum) (call $load_u64 (local.get $at))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (call $give (call $block (local.get $sum))))
  ;; What is read a byte, and eight, behind the end of a block and of the input.
  (func (export "behind_a_block") (result i32)
    (call $give (call $block (i64.extend_i32_u (call $load_u8 (i64.add (call $block (i64.const -1)) (i64.const 0x100000)))))))
  (func (export "behind_the_input") (result i32)
    (call $give (call $block (call $input_load_u64 (i64.const 0x100000)))))
  (func (export "free_twice") (result i32)
    (local $at i64)
    (local.set $at (call $block (i64.const 1)))
    (call $free (local.get $at))
    (call $free (local.get $at))
    (call $give (call $block (call $length (local.get $at))))))
