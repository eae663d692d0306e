;; Uses config, vars and the log as the input says.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_trace" (func $log_trace (param i64)))
  (import "extism:host/env" "log_debug" (func $log_debug (param i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
  (import "extism:host/env" "log_error" (func $log_error (param i64)))
  (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
  (import "extism:host/user" "host" (func $host (param i64) (result i64)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "hello\n")
  ;; an iovec for that
  (data (i32.const 16) "\40\00\00\00\06\00\00\00")
  ;; How many bytes the var "a booter" had when this instance was made.
  (global $boot (export "boot") (mut i64) (i64.const 0))

  (func $block (param $bytes i64) (result i64)
    (local $at i64)
    (call $store (local.tee $at (call $alloc (i64.const 8))) (local.get $bytes))
    (local.get $at))
  ;; Makes a block the output; a call that gives none has no output.
  (func $answer (param $off i64)
    (if (i64.ne (local.get $off) (i64.const 0))
      (then (call $output (local.get $off) (call $length (local.get $off))))))
  (func $number (param $n i64) (call $answer (call $block (local.get $n))))

  ;; "a booter" is read; if it is there, "booted!!" is set.
  (func (export "_initialize")
    (global.set $boot (call $length (call $var_get (call $block (i64.const 0x7265746f6f622061)))))
    (if (i64.ne (global.get $boot) (i64.const 0))
      (then (call $var_set (call $block (i64.const 0x21216465746f6f62)) (call $block (i64.const 1))))))

  ;; The input is a key. What is passed belongs to the host; it is no block any more.
  (func (export "config") (call $answer (call $config_get (call $input))))
  (func (export "config_owned") (result i32)
    (drop (call $config_get (call $input)))
    (i32.wrap_i64 (call $length (call $input))))
  (func (export "get") (call $answer (call $var_get (call $input))))
  (func $mark (export "mark") (call $var_set (call $input) (call $block (i64.const 0x7473657567207962))))
  (func (export "delete") (call $var_set (call $input) (i64.const 0)))
  (func (export "mark_and_trap") (call $mark) unreachable)
  ;; The input is the value of the var "a var!!!".
  (func (export "put") (call $var_set (call $block (i64.const 0x2121217261762061)) (call $input)))

  ;; The input is a line.
  (func (export "log") (call $log_info (call $input)))
  (func (export "log_all")
    (call $log_trace (call $block (i64.const 0x7472616365202020)))
    (call $log_debug (call $block (i64.const 0x6465627567202020)))
    (call $log_info (call $block (i64.const 0x696e666f20202020)))
    (call $log_warn (call $block (i64.const 0x7761726e20202020)))
    (call $log_error (call $block (i64.const 0x6572726f72202020))))
  ;; What the host does comes between two lines.
  (func (export "log_around")
    (call $log_info (call $block (i64.const 0x2020202020202031)))
    (drop (call $host (i64.const 0)))
    (call $log_info (call $block (i64.const 0x2020202020202032))))
  (func (export "log_level") (call $number (i64.extend_i32_s (call $get_log_level))))
  (func (export "print")
    (drop (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)))
    (drop (call $fd_write (i32.const 2) (i32.const 16) (i32.const 1) (i32.const 32))))

  (func (export "host") (call $number (call $host (call $input))))
  (func (export "echo") (call $answer (call $input)))
  (func (export "trap") unreachable))
