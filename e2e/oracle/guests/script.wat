;; A guest that does what its input says: a script of calls to extism:host/env,
;; whose results it collects as its output. Any input is a valid script, and what
;; it does not allow does nothing, so that a script that shows a difference between
;; two hosts can be made smaller by leaving instructions out.
;;
;; Input: a u32, the number of instructions; the instructions; then data.
;;
;;   0    1   2   3    4          8                    16
;;   +----+---+---+----+----------+--------------------+
;;   | op | a | b |    | x: u32   | y: i64             |   all little-endian
;;   +----+---+---+----+----------+--------------------+
;;
;; a and b name two of sixteen slots, each of which holds one block or nothing.
;; Where blocks lie differs from host to host, so no offset is ever given out: what
;; is given out is how far it is from the one that was expected. Nor does a script
;; look at what hosts leave to chance: blocks that have been freed, contents that
;; nobody has written.
;;
;; Memory: slots (offset, length; no block: length 0) | 1024: input | 65536: results
(module
  (type $op (func (param $a i32) (param $b i32) (param $x i32) (param $y i64)))

  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "length_unsafe" (func $length_unsafe (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_set" (func $input_set (param i64 i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "output_offset" (func $output_offset (result i64)))
  (import "extism:host/env" "output_length" (func $output_length (result i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "error_get" (func $error_get (result i64)))
  (import "extism:host/env" "reset" (func $reset))
  (import "extism:host/env" "memory_bytes" (func $memory_bytes (result i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "http_status_code" (func $http_status_code (result i32)))
  (import "extism:host/env" "http_headers" (func $http_headers (result i64)))
  (import "extism:host/env" "log_trace" (func $log_trace (param i64)))
  (import "extism:host/env" "log_debug" (func $log_debug (param i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
  (import "extism:host/env" "log_error" (func $log_error (param i64)))
  (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "extism:host/user" "mult" (func $mult (param i64 i64) (result i64)))
  (import "host" "to_upper" (func $to_upper (param i64) (result i64)))
  (import "extism:host/user" "inspect" (func $inspect))

  (memory (export "memory") 3)
  ;; Offsets at which no host has anything that a guest may touch.
  (data (i32.const 512)
    "\00\00\00\00\00\00\00\00" "\01\00\00\00\00\00\00\00"
    "\0c\00\00\00\00\00\00\00" "\28\00\00\00\00\00\00\00"
    "\00\00\00\80\00\00\00\00" "\f0\ff\ff\ff\00\00\00\00"
    "\4d\00\00\00\01\00\00\00" "\00\04\00\00\01\00\00\00"
    "\00\00\00\00\00\01\00\00" "\ff\ff\ff\ff\ff\ff\ff\7f"
    "\00\00\00\00\00\00\00\80" "\ff\ff\ff\ff\ff\ff\ff\ff")

  (global $size (mut i32) (i32.const 0))    ;; of the input
  (global $data (mut i32) (i32.const 0))    ;; where the data begins
  (global $out (mut i32) (i32.const 0))     ;; where the next result goes
  (global $code (mut i32) (i32.const 0))
  (global $done (mut i32) (i32.const 0))
  (global $silent (mut i32) (i32.const 0))  ;; leave the output as it is
  ;; Which slot has the input, the output and the error, and how far inside; -1: it
  ;; is not known. 16 is no slot, and its offset is 0: there is none.
  (global $in (mut i32) (i32.const 0))
  (global $in_at (mut i64) (i64.const 0))
  (global $output (mut i32) (i32.const 16))
  (global $output_at (mut i64) (i64.const 0))
  (global $error (mut i32) (i32.const 16))
  ;; Whether the input is still the one that the call began with.
  (global $given (mut i32) (i32.const 1))

  (table funcref (elem
    $nop $do_alloc $do_alloc_large $do_text $do_free                  ;; 0
    $do_length $do_length_unsafe $do_length_inside $do_free_inside $do_load_u8
    $do_load_u64 $do_store_u8 $do_store_u64 $do_dump $do_input_length ;; 10
    $do_input_offset $do_input_load_u8 $do_input_load_u64 $do_input_set $do_output_set
    $do_output_length $do_output_offset $do_error_set $do_error_clear $do_error_get ;; 20
    $do_reset $do_memory_bytes $do_config_get $do_var_get $do_var_set
    $do_var_delete $do_log $do_get_log_level $do_http $do_mult        ;; 30
    $do_to_upper $do_wild $do_silent $do_return $do_trap
    $do_exit                                                          ;; 40
    ;; From here on hosts are known to differ; random scripts stop before.
    $raw_alloc $raw_load_u64 $raw_store_u64 $raw_input_load_u64 $raw_error_set
    $raw_config_key $raw_var_twin $raw_trap))

  ;; ---- Slots and results ------------------------------------------------------

  (func $off (param $slot i32) (result i64)
    (if (result i64) (i32.gt_u (local.get $slot) (i32.const 15))
      (then (i64.const 0))
      (else (i64.load (i32.shl (local.get $slot) (i32.const 4))))))
  (func $len (param $slot i32) (result i64)
    (i64.load offset=8 (i32.shl (local.get $slot) (i32.const 4))))
  (func $live (param $slot i32) (result i32)
    (i64.ne (call $len (local.get $slot)) (i64.const 0)))
  (func $put (param $slot i32) (param $off i64) (param $len i64)
    (i64.store (i32.shl (local.get $slot) (i32.const 4)) (local.get $off))
    (i64.store offset=8 (i32.shl (local.get $slot) (i32.const 4)) (local.get $len)))
  ;; The block is gone: what pointed into it is no longer known.
  (func $gone (param $slot i32)
    (i64.store offset=8 (i32.shl (local.get $slot) (i32.const 4)) (i64.const 0))
    (if (i32.eq (local.get $slot) (global.get $in)) (then (global.set $in (i32.const -1)) (global.set $given (i32.const 0))))
    (if (i32.eq (local.get $slot) (global.get $output)) (then (global.set $output (i32.const -1)))))
  ;; Whether a block may be given away: an error whose block is gone is one thing to
  ;; one host and another to the next, and so is an output.
  (func $loose (param $slot i32) (result i32)
    (i32.and (call $live (local.get $slot))
      (i32.and (i32.ne (local.get $slot) (global.get $error)) (i32.ne (local.get $slot) (global.get $output)))))

  (func $emit8 (param $v i32)
    (if (i32.lt_u (global.get $out) (i32.const 196600))
      (then
        (i32.store8 (global.get $out) (local.get $v))
        (global.set $out (i32.add (global.get $out) (i32.const 1))))))
  (func $emit64 (param $v i64)
    (if (i32.lt_u (global.get $out) (i32.const 196600))
      (then
        (i64.store align=1 (global.get $out) (local.get $v))
        (global.set $out (i32.add (global.get $out) (i32.const 8))))))

  ;; Fills a block with 8 bytes over and over.
  (func $fill (param $off i64) (param $len i64) (param $word i64)
    (local $at i64)
    (block $rest
      (loop $words
        (br_if $rest (i64.gt_u (i64.add (local.get $at) (i64.const 8)) (local.get $len)))
        (call $store_u64 (i64.add (local.get $off) (local.get $at)) (local.get $word))
        (local.set $at (i64.add (local.get $at) (i64.const 8)))
        (br $words)))
    (block $end
      (loop $bytes
        (br_if $end (i64.ge_u (local.get $at) (local.get $len)))
        (call $store_u8 (i64.add (local.get $off) (local.get $at)) (i32.and (i32.wrap_i64 (local.get $word)) (i32.const 255)))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br $bytes))))

  ;; Length, a hash of the contents (FNV-1a), and the contents if they are few.
  (func $dump (param $off i64) (param $len i64)
    (local $at i64) (local $hash i64) (local $byte i32)
    (call $emit64 (local.get $len))
    (local.set $hash (i64.const 0xcbf29ce484222325))
    (block $end
      (loop $bytes
        (br_if $end (i64.ge_u (local.get $at) (local.get $len)))
        (local.set $byte (call $load_u8 (i64.add (local.get $off) (local.get $at))))
        (local.set $hash
          (i64.mul (i64.xor (local.get $hash) (i64.extend_i32_u (local.get $byte))) (i64.const 0x100000001b3)))
        (if (i64.le_u (local.get $len) (i64.const 64)) (then (call $emit8 (local.get $byte))))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br $bytes)))
    (call $emit64 (local.get $hash)))

  ;; Keeps what a host function has given.
  (func $receive (param $slot i32) (param $off i64)
    (local $len i64)
    (call $emit8 (i64.ne (local.get $off) (i64.const 0)))
    (if (i64.eqz (local.get $off)) (then (return)))
    (local.set $len (call $length (local.get $off)))
    (call $put (local.get $slot) (local.get $off) (local.get $len))
    (call $dump (local.get $off) (local.get $len)))

  ;; ---- Instructions -----------------------------------------------------------

  (func $nop (type $op))

  (func $take (param $a i32) (param $n i64) (param $word i64)
    (local $off i64)
    (if (call $live (local.get $a)) (then (return)))
    (if (i32.eq (local.get $a) (global.get $output)) (then (global.set $output (i32.const -1))))
    (local.set $off (call $alloc (local.get $n)))
    (call $emit8 (i64.ne (local.get $off) (i64.const 0)))
    (if (i64.eqz (local.get $off)) (then (return)))
    (call $put (local.get $a) (local.get $off) (local.get $n))
    (call $fill (local.get $off) (local.get $n) (local.get $word)))
  (func $do_alloc (type $op)
    (call $take (local.get 0) (i64.rem_u (local.get 3) (i64.const 600))
      (i64.mul (i64.extend_i32_u (local.get 2)) (i64.const 0x0123456789abcdef))))
  (func $do_alloc_large (type $op)
    (call $take (local.get 0) (i64.rem_u (local.get 3) (i64.const 20000))
      (i64.mul (i64.extend_i32_u (local.get 2)) (i64.const 0x0123456789abcdef))))

  ;; A block with y bytes of the data from x on.
  (func $do_text (type $op)
    (local $n i32) (local $off i64) (local $at i32)
    (if (call $live (local.get 0)) (then (return)))
    (local.set $n (i32.sub (i32.add (i32.const 1024) (global.get $size)) (global.get $data)))
    (if (i32.or (i32.gt_u (local.get 2) (local.get $n)) (i64.gt_u (local.get 3) (i64.const 4096))) (then (return)))
    (local.set $n (i32.sub (local.get $n) (local.get 2)))
    (if (i64.gt_u (i64.extend_i32_u (local.get $n)) (local.get 3)) (then (local.set $n (i32.wrap_i64 (local.get 3)))))
    (if (i32.eqz (local.get $n)) (then (return)))
    (local.set $off (call $alloc (i64.extend_i32_u (local.get $n))))
    (call $emit8 (i64.ne (local.get $off) (i64.const 0)))
    (if (i64.eqz (local.get $off)) (then (return)))
    (call $put (local.get 0) (local.get $off) (i64.extend_i32_u (local.get $n)))
    (loop $bytes
      (call $store_u8 (i64.add (local.get $off) (i64.extend_i32_u (local.get $at)))
        (i32.load8_u (i32.add (i32.add (global.get $data) (local.get 2)) (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (local.get $n)))))

  (func $do_free (type $op)
    (if (i32.eqz (call $loose (local.get 0))) (then (return)))
    (call $free (call $off (local.get 0)))
    ;; Freeing the very block that is the input empties it; a second time does nothing.
    (if (i32.and (i32.eq (local.get 0) (global.get $in)) (i64.eqz (global.get $in_at)))
      (then (call $emit64 (call $input_length))))
    (call $free (call $off (local.get 0)))
    (call $emit64 (call $length (call $off (local.get 0))))
    (call $gone (local.get 0)))

  (func $do_length (type $op)
    (if (call $live (local.get 0)) (then (call $emit64 (call $length (call $off (local.get 0)))))))
  (func $do_length_unsafe (type $op)
    (if (call $live (local.get 0)) (then (call $emit64 (call $length_unsafe (call $off (local.get 0)))))))
  ;; Somewhere inside the block, but not at its start.
  (func $inside (param $a i32) (param $y i64) (result i64)
    (i64.add (call $off (local.get $a))
      (i64.add (i64.const 1) (i64.rem_u (local.get $y) (i64.sub (call $len (local.get $a)) (i64.const 1))))))
  (func $do_length_inside (type $op)
    (if (i64.gt_u (call $len (local.get 0)) (i64.const 1))
      (then (call $emit64 (call $length (call $inside (local.get 0) (local.get 3)))))))
  (func $do_free_inside (type $op)
    (if (i64.gt_u (call $len (local.get 0)) (i64.const 1))
      (then (call $free (call $inside (local.get 0) (local.get 3))))))

  ;; Where y falls among the places of a block at which n bytes can be; 0: nowhere.
  (func $at (param $a i32) (param $n i64) (param $y i64) (result i64)
    (if (result i64) (i64.lt_u (call $len (local.get $a)) (local.get $n))
      (then (i64.const 0))
      (else
        (i64.add (call $off (local.get $a))
          (i64.rem_u (local.get $y) (i64.add (i64.sub (call $len (local.get $a)) (local.get $n)) (i64.const 1)))))))
  (func $do_load_u8 (type $op)
    (local $p i64)
    (if (i64.ne (local.tee $p (call $at (local.get 0) (i64.const 1) (local.get 3))) (i64.const 0))
      (then (call $emit8 (call $load_u8 (local.get $p))))))
  (func $do_load_u64 (type $op)
    (local $p i64)
    (if (i64.ne (local.tee $p (call $at (local.get 0) (i64.const 8) (local.get 3))) (i64.const 0))
      (then (call $emit64 (call $load_u64 (local.get $p))))))
  (func $do_store_u8 (type $op)
    (local $p i64)
    (if (i64.ne (local.tee $p (call $at (local.get 0) (i64.const 1) (local.get 3))) (i64.const 0))
      (then (call $store_u8 (local.get $p) (i32.and (local.get 2) (i32.const 255))))))
  (func $do_store_u64 (type $op)
    (local $p i64)
    (if (i64.ne (local.tee $p (call $at (local.get 0) (i64.const 8) (local.get 3))) (i64.const 0))
      (then
        (call $store_u64 (local.get $p)
          (i64.mul (i64.extend_i32_u (local.get 2)) (i64.const 0x0123456789abcdef))))))
  (func $do_dump (type $op)
    (if (call $live (local.get 0)) (then (call $dump (call $off (local.get 0)) (call $len (local.get 0))))))

  (func $do_input_length (type $op)
    (if (i32.ge_s (global.get $in) (i32.const 0)) (then (call $emit64 (call $input_length)))))
  (func $do_input_offset (type $op)
    (if (i32.ge_s (global.get $in) (i32.const 0))
      (then
        (call $emit64
          (i64.sub (call $input_offset) (i64.add (call $off (global.get $in)) (global.get $in_at)))))))
  ;; A little beyond the end, too.
  (func $do_input_load_u8 (type $op)
    (if (i32.ge_s (global.get $in) (i32.const 0))
      (then
        (call $emit8
          (call $input_load_u8 (i64.rem_u (local.get 3) (i64.add (call $input_length) (i64.const 3))))))))
  (func $do_input_load_u64 (type $op)
    (if (i32.eqz (global.get $given)) (then (return)))
    (if (i64.lt_u (call $input_length) (i64.const 8)) (then (return)))
    (call $emit64
      (call $input_load_u64 (i64.rem_u (local.get 3) (i64.sub (call $input_length) (i64.const 7))))))
  (func $do_input_set (type $op)
    (if (i32.eqz (call $live (local.get 0))) (then (return)))
    (global.set $in (local.get 0))
    (global.set $given (i32.const 0))
    (global.set $in_at (i64.rem_u (local.get 3) (call $len (local.get 0))))
    (call $input_set (i64.add (call $off (local.get 0)) (global.get $in_at))
      (i64.rem_u (i64.extend_i32_u (local.get 2))
        (i64.add (i64.sub (call $len (local.get 0)) (global.get $in_at)) (i64.const 1)))))

  (func $do_output_set (type $op)
    (if (i32.eqz (call $live (local.get 0))) (then (return)))
    (global.set $output (local.get 0))
    (global.set $output_at (i64.rem_u (local.get 3) (call $len (local.get 0))))
    (call $output_set (i64.add (call $off (local.get 0)) (global.get $output_at))
      (i64.rem_u (i64.extend_i32_u (local.get 2))
        (i64.add (i64.sub (call $len (local.get 0)) (global.get $output_at)) (i64.const 1)))))
  (func $do_output_length (type $op) (call $emit64 (call $output_length)))
  (func $do_output_offset (type $op)
    (if (i32.ge_s (global.get $output) (i32.const 0))
      (then
        (call $emit64
          (i64.sub (call $output_offset) (i64.add (call $off (global.get $output)) (global.get $output_at)))))))

  (func $do_error_set (type $op)
    (if (i32.eqz (call $live (local.get 0))) (then (return)))
    (global.set $error (local.get 0))
    (call $error_set (call $off (local.get 0))))
  (func $clear
    (global.set $error (i32.const 16))
    (call $error_set (i64.const 0)))
  (func $do_error_clear (type $op) (call $clear))
  (func $do_error_get (type $op)
    (call $emit64 (i64.sub (call $error_get) (call $off (global.get $error)))))

  (func $do_reset (type $op)
    (call $reset)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 256))
    (global.set $in (i32.const 16)) (global.set $in_at (i64.const 0))
    (global.set $output (i32.const 16)) (global.set $output_at (i64.const 0))
    (global.set $error (i32.const 16))
    (global.set $given (i32.const 0)))
  ;; How much there is differs; that there is a page does not.
  (func $do_memory_bytes (type $op)
    (call $emit8 (i64.ge_u (call $memory_bytes) (i64.const 65472))))

  ;; The key is the host's from here on, or it is not; it is freed either way.
  (func $do_config_get (type $op)
    (local $r i64)
    (if (i32.or (i32.eqz (call $loose (local.get 0))) (call $live (local.get 1))) (then (return)))
    (local.set $r (call $config_get (call $off (local.get 0))))
    (call $free (call $off (local.get 0)))
    (call $gone (local.get 0))
    (call $receive (local.get 1) (local.get $r)))
  (func $do_var_get (type $op)
    (local $r i64)
    (if (i32.or (i32.eqz (call $loose (local.get 0))) (call $live (local.get 1))) (then (return)))
    (local.set $r (call $var_get (call $off (local.get 0))))
    (call $gone (local.get 0))
    (call $receive (local.get 1) (local.get $r)))
  (func $do_var_set (type $op)
    (if (i32.eq (local.get 0) (local.get 1)) (then (return)))
    (if (i32.eqz (i32.and (call $loose (local.get 0)) (call $loose (local.get 1)))) (then (return)))
    (call $var_set (call $off (local.get 0)) (call $off (local.get 1)))
    (call $emit64 (call $length (call $off (local.get 0))))
    (call $emit64 (call $length (call $off (local.get 1))))
    (call $gone (local.get 0))
    (call $gone (local.get 1)))
  (func $do_var_delete (type $op)
    (if (i32.eqz (call $loose (local.get 0))) (then (return)))
    (call $var_set (call $off (local.get 0)) (i64.const 0))
    (call $gone (local.get 0)))

  (func $do_log (type $op)
    (local $off i64)
    (if (i32.eqz (call $loose (local.get 0))) (then (return)))
    (local.set $off (call $off (local.get 0)))
    (block $error (block $warn (block $info (block $debug (block $trace
      (br_table $trace $debug $info $warn $error (i32.rem_u (local.get 2) (i32.const 5))))
      (call $log_trace (local.get $off)) (call $gone (local.get 0)) (return))
      (call $log_debug (local.get $off)) (call $gone (local.get 0)) (return))
      (call $log_info (local.get $off)) (call $gone (local.get 0)) (return))
      (call $log_warn (local.get $off)) (call $gone (local.get 0)) (return))
    (call $log_error (local.get $off))
    (call $gone (local.get 0)))
  (func $do_get_log_level (type $op)
    (call $emit64 (i64.extend_i32_u (call $get_log_level))))
  ;; There has been no request.
  (func $do_http (type $op)
    (call $emit64 (i64.extend_i32_u (call $http_status_code)))
    (call $emit64 (call $http_headers)))

  (func $do_mult (type $op)
    (call $emit64 (call $mult (i64.extend_i32_s (local.get 2)) (local.get 3))))
  (func $do_to_upper (type $op)
    (local $r i64)
    (if (i32.or (i32.eqz (call $loose (local.get 0))) (call $live (local.get 1))) (then (return)))
    (local.set $r (call $to_upper (call $off (local.get 0))))
    (call $gone (local.get 0))
    (call $receive (local.get 1) (local.get $r)))

  (func $do_wild (type $op)
    (local $off i64)
    (local.set $off
      (i64.load offset=512 (i32.shl (i32.wrap_i64 (i64.rem_u (local.get 3) (i64.const 12))) (i32.const 3))))
    (call $store_u8 (local.get $off) (i32.and (local.get 2) (i32.const 255)))
    (call $emit8 (call $load_u8 (local.get $off)))
    (call $emit64 (call $length (local.get $off)))
    (call $free (local.get $off)))

  ;; Whatever the script has set as its output is the output.
  (func $do_silent (type $op) (global.set $silent (i32.const 1)))
  (func $do_return (type $op)
    (global.set $code (i32.wrap_i64 (local.get 3)))
    (global.set $done (i32.const 1)))
  ;; What an error of the guest's means beside a trap or an exit is not agreed upon.
  (func $do_trap (type $op) (call $clear) (unreachable))
  (func $do_exit (type $op) (call $clear) (call $proc_exit (i32.wrap_i64 (local.get 3))))

  ;; ---- Where hosts differ -----------------------------------------------------

  (func $raw_alloc (type $op)
    (call $emit8 (i64.ne (call $alloc (local.get 3)) (i64.const 0))))
  (func $raw_load_u64 (type $op) (call $emit64 (call $load_u64 (local.get 3))))
  (func $raw_store_u64 (type $op) (call $store_u64 (local.get 3) (i64.const -1)) (call $emit8 (i32.const 1)))
  (func $raw_input_load_u64 (type $op) (call $emit64 (call $input_load_u64 (local.get 3))))
  (func $raw_error_set (type $op) (call $error_set (i64.add (call $off (local.get 0)) (local.get 3))))
  ;; Whether the key is still there.
  (func $raw_config_key (type $op)
    (drop (call $config_get (call $off (local.get 0))))
    (call $emit64 (call $length (call $off (local.get 0)))))
  ;; One block as name and value.
  (func $raw_var_twin (type $op) (call $var_set (call $off (local.get 0)) (call $off (local.get 0))))
  (func $raw_trap (type $op) (unreachable))

  ;; ---- The interpreter ----------------------------------------------------------

  (func $begin
    (local $at i32)
    (memory.fill (i32.const 0) (i32.const 0) (i32.const 256))
    (global.set $size (i32.wrap_i64 (call $input_length)))
    (if (i32.gt_u (global.get $size) (i32.const 64000)) (then (unreachable)))
    (loop $bytes
      (i32.store8 offset=1024 (local.get $at) (call $input_load_u8 (i64.extend_i32_u (local.get $at))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (global.get $size))))
    (call $put (i32.const 0) (call $input_offset) (call $input_length))
    (global.set $out (i32.const 65536))
    (global.set $code (i32.const 0))
    (global.set $done (i32.const 0))
    (global.set $silent (i32.const 0))
    (global.set $in (i32.const 0)) (global.set $in_at (i64.const 0))
    (global.set $output (i32.const 16)) (global.set $output_at (i64.const 0))
    (global.set $error (i32.const 16))
    (global.set $given (i32.const 1)))

  (func (export "run") (result i32)
    (local $p i32) (local $end i32) (local $n i32)
    (call $begin)
    (local.set $n (i32.load (i32.const 1024)))
    (if (i32.gt_u (local.get $n) (i32.shr_u (i32.sub (global.get $size) (i32.const 4)) (i32.const 4)))
      (then (local.set $n (i32.shr_u (i32.sub (global.get $size) (i32.const 4)) (i32.const 4)))))
    (local.set $p (i32.const 1028))
    (local.set $end (i32.add (local.get $p) (i32.shl (local.get $n) (i32.const 4))))
    (global.set $data (local.get $end))
    (block $stop
      (loop $next
        (br_if $stop (i32.or (global.get $done) (i32.ge_u (local.get $p) (local.get $end))))
        (call_indirect (type $op)
          (i32.and (i32.load8_u offset=1 (local.get $p)) (i32.const 15))
          (i32.and (i32.load8_u offset=2 (local.get $p)) (i32.const 15))
          (i32.load offset=4 align=1 (local.get $p))
          (i64.load offset=8 align=1 (local.get $p))
          (i32.load8_u (local.get $p)))
        (local.set $p (i32.add (local.get $p) (i32.const 16)))
        (br $next)))
    (if (i32.eqz (global.get $silent)) (then (call $results)))
    (global.get $code))

  (func $results
    (local $at i32) (local $n i32) (local $off i64)
    (local.set $n (i32.sub (global.get $out) (i32.const 65536)))
    (if (i32.eqz (local.get $n)) (then (return)))
    (local.set $off (call $alloc (i64.extend_i32_u (local.get $n))))
    (loop $bytes
      (call $store_u8 (i64.add (local.get $off) (i64.extend_i32_u (local.get $at)))
        (i32.load8_u offset=65536 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $bytes (i32.lt_u (local.get $at) (local.get $n))))
    (call $output_set (local.get $off) (i64.extend_i32_u (local.get $n))))

  ;; Has the host look at the vars.
  (func (export "vars") (call $inspect)))
