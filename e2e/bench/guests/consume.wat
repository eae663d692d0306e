;; Reads all of the input and gives a checksum of it: the way in, alone.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  ;; Gives one number as the output, eight bytes, little-endian.
  (func $output_number (param $value i64) (result i32)
    (local $out i64)
    (local.set $out (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $out) (local.get $value))
    (call $output_set (local.get $out) (i64.const 8))
    (i32.const 0))

  (func $mix (param $sum i64) (param $value i64) (result i64)
    (i64.xor (i64.rotl (local.get $sum) (i64.const 5)) (local.get $value)))

  (func (export "consume") (result i32)
    (local $n i64) (local $i i64) (local $whole i64) (local $sum i64)
    (local.set $n (call $input_length))
    (local.set $whole (i64.and (local.get $n) (i64.const -8)))
    (block $words_done
      (loop $words
        (br_if $words_done (i64.ge_u (local.get $i) (local.get $whole)))
        (local.set $sum
          (call $mix (local.get $sum) (call $input_load_u64 (local.get $i))))
        (local.set $i (i64.add (local.get $i) (i64.const 8)))
        (br $words)))
    (block $bytes_done
      (loop $bytes
        (br_if $bytes_done (i64.ge_u (local.get $i) (local.get $n)))
        (local.set $sum
          (call $mix (local.get $sum)
            (i64.extend_i32_u (call $input_load_u8 (local.get $i)))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $bytes)))
    (call $output_number (local.get $sum)))
)
