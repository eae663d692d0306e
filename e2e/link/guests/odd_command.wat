;; odd.wat as a WASI command: unless _start has run, and has got an answer from the
;; main module, odd traps.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "main" "even" (func $even (param i32) (result i32)))
  (memory (export "memory") 1)
  (global $started (mut i32) (i32.const 0))
  (func (export "_start")
    (global.set $started (call $even (i32.const 0)))
    (call $exit (i32.const 0)))
  (func (export "odd") (param i32) (result i32)
    (if (i32.eqz (global.get $started)) (then unreachable))
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (call $even (i32.sub (local.get 0) (i32.const 1)))))))
