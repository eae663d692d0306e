;; The input is the output: what moving bytes in and out of a plug-in costs. It
;; goes through the guest's own memory, eight bytes a call, because that is what
;; a plug-in built with any PDK does.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (memory (export "memory") 1)

  ;; Grows the memory to at least $n bytes; false if the engine has no more.
  (func $ensure (param $n i64) (result i32)
    (local $missing i64)
    (local.set $missing
      (i64.sub
        (i64.shr_u (i64.add (local.get $n) (i64.const 65535)) (i64.const 16))
        (i64.extend_i32_u (memory.size))))
    (if (i64.le_s (local.get $missing) (i64.const 0)) (then (return (i32.const 1))))
    (i32.ne (memory.grow (i32.wrap_i64 (local.get $missing))) (i32.const -1)))

  ;; Copies the input to $to, as PDKs do: eight bytes at a time, then the rest.
  (func $read_input (param $to i32) (param $n i64)
    (local $i i64) (local $whole i64)
    (local.set $whole (i64.and (local.get $n) (i64.const -8)))
    (block $words_done
      (loop $words
        (br_if $words_done (i64.ge_u (local.get $i) (local.get $whole)))
        (i64.store
          (i32.add (local.get $to) (i32.wrap_i64 (local.get $i)))
          (call $input_load_u64 (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 8)))
        (br $words)))
    (block $bytes_done
      (loop $bytes
        (br_if $bytes_done (i64.ge_u (local.get $i) (local.get $n)))
        (i32.store8
          (i32.add (local.get $to) (i32.wrap_i64 (local.get $i)))
          (call $input_load_u8 (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $bytes))))

  ;; Copies $n bytes at $from into the host's block.
  (func $write_block (param $block i64) (param $from i32) (param $n i64)
    (local $i i64) (local $whole i64)
    (local.set $whole (i64.and (local.get $n) (i64.const -8)))
    (block $words_done
      (loop $words
        (br_if $words_done (i64.ge_u (local.get $i) (local.get $whole)))
        (call $store_u64
          (i64.add (local.get $block) (local.get $i))
          (i64.load (i32.add (local.get $from) (i32.wrap_i64 (local.get $i)))))
        (local.set $i (i64.add (local.get $i) (i64.const 8)))
        (br $words)))
    (block $bytes_done
      (loop $bytes
        (br_if $bytes_done (i64.ge_u (local.get $i) (local.get $n)))
        (call $store_u8
          (i64.add (local.get $block) (local.get $i))
          (i32.load8_u (i32.add (local.get $from) (i32.wrap_i64 (local.get $i)))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $bytes))))

  (func (export "echo") (result i32)
    (local $n i64) (local $out i64)
    (local.set $n (call $input_length))
    (if (i32.eqz (call $ensure (local.get $n))) (then (return (i32.const 1))))
    (call $read_input (i32.const 0) (local.get $n))
    (local.set $out (call $alloc (local.get $n)))
    (call $write_block (local.get $out) (i32.const 0) (local.get $n))
    (call $output_set (local.get $out) (local.get $n))
    (i32.const 0))
)
