;; Counts in a text, several times over, and reports in JSON: a guest that mostly
;; computes, so the SDK should hardly matter.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  ;; 0: a flag for each byte value. 256: the report. 1024: the text.
  (memory (export "memory") 2)
  ;; Flags: 1 a vowel, 2 white space, 4 a line feed.
  (data (i32.const 65) "\01") (data (i32.const 69) "\01") (data (i32.const 73) "\01")
  (data (i32.const 79) "\01") (data (i32.const 85) "\01")
  (data (i32.const 97) "\01") (data (i32.const 101) "\01") (data (i32.const 105) "\01")
  (data (i32.const 111) "\01") (data (i32.const 117) "\01")
  (data (i32.const 9) "\02\06") (data (i32.const 13) "\02") (data (i32.const 32) "\02")

  (global $passes i32 (i32.const 8))
  (global $vowels (mut i64) (i64.const 0))
  (global $words (mut i64) (i64.const 0))
  (global $lines (mut i64) (i64.const 0))
  (global $end (mut i32) (i32.const 0))

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

  ;; One pass over the text in [$at, $end). A word begins where something other
  ;; than white space follows white space or nothing.
  (func $pass (param $at i32) (param $end i32)
    (local $flags i32) (local $in_word i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $flags (i32.load8_u (i32.load8_u (local.get $at))))
        (global.set $vowels
          (i64.add (global.get $vowels)
            (i64.extend_i32_u (i32.and (local.get $flags) (i32.const 1)))))
        (global.set $lines
          (i64.add (global.get $lines)
            (i64.extend_i32_u (i32.shr_u (local.get $flags) (i32.const 2)))))
        (if (i32.and (local.get $flags) (i32.const 2))
          (then (local.set $in_word (i32.const 0)))
          (else
            (if (i32.eqz (local.get $in_word))
              (then
                (global.set $words (i64.add (global.get $words) (i64.const 1)))))
            (local.set $in_word (i32.const 1))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next))))

  (func $put (param $c i32)
    (i32.store8 (global.get $end) (local.get $c))
    (global.set $end (i32.add (global.get $end) (i32.const 1))))

  ;; Writes $n in decimal: counts the digits, then fills them in from the right.
  (func $put_number (param $n i64)
    (local $at i32) (local $rest i64)
    (local.set $at (global.get $end))
    (local.set $rest (local.get $n))
    (loop $digit
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (local.set $rest (i64.div_u (local.get $rest) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $rest) (i64.const 0))))
    (global.set $end (local.get $at))
    (loop $digit
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i64.store8 (local.get $at)
        (i64.add (i64.const 48) (i64.rem_u (local.get $n) (i64.const 10))))
      (local.set $n (i64.div_u (local.get $n) (i64.const 10)))
      (br_if $digit (i64.ne (local.get $n) (i64.const 0)))))

  ;; Writes ,"x":$n or, for the first field, {"x":$n.
  (func $put_field (param $before i32) (param $name i32) (param $n i64)
    (call $put (local.get $before))
    (call $put (i32.const 34))
    (call $put (local.get $name))
    (call $put (i32.const 34))
    (call $put (i32.const 58))
    (call $put_number (local.get $n)))

  ;; Output: {"b":bytes,"v":vowels,"w":words,"l":line feeds}, the last three
  ;; summed over all passes.
  (func (export "count") (result i32)
    (local $n i64) (local $pass i32) (local $out i64) (local $size i64)
    (local.set $n (call $input_length))
    (if (i32.eqz (call $ensure (i64.add (local.get $n) (i64.const 1024))))
      (then (return (i32.const 1))))
    (call $read_input (i32.const 1024) (local.get $n))
    (global.set $vowels (i64.const 0))
    (global.set $words (i64.const 0))
    (global.set $lines (i64.const 0))
    (local.set $pass (global.get $passes))
    (loop $again
      (call $pass
        (i32.const 1024)
        (i32.add (i32.const 1024) (i32.wrap_i64 (local.get $n))))
      (br_if $again
        (local.tee $pass (i32.sub (local.get $pass) (i32.const 1)))))

    (global.set $end (i32.const 256))
    (call $put_field (i32.const 123) (i32.const 98) (local.get $n))
    (call $put_field (i32.const 44) (i32.const 118) (global.get $vowels))
    (call $put_field (i32.const 44) (i32.const 119) (global.get $words))
    (call $put_field (i32.const 44) (i32.const 108) (global.get $lines))
    (call $put (i32.const 125))
    (local.set $size
      (i64.extend_i32_u (i32.sub (global.get $end) (i32.const 256))))
    (local.set $out (call $alloc (local.get $size)))
    (call $write_block (local.get $out) (i32.const 256) (local.get $size))
    (call $output_set (local.get $out) (local.get $size))
    (i32.const 0))
)
