;; A plug-in small enough to be fetched, compiled and answered from within one
;; frame: text in, text out, no memory of its own. It works on the host's blocks
;; byte by byte, which is slow for large inputs and fine for a line of text.
;;
;; Addresses are always block + offset in i64: what a block's address looks like
;; is the host's business.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  ;; shout: ASCII letters in upper case, everything else as it is, then "!".
  (func (export "shout") (result i32)
    (local $n i64) (local $i i64) (local $out i64) (local $c i32)
    (local.set $n (call $input_length))
    (local.set $out (call $alloc (i64.add (local.get $n) (i64.const 1))))
    ;; 0 is not a block: there is no room.
    (if (i64.eqz (local.get $out)) (then (return (i32.const 1))))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
        (local.set $c (call $input_load_u8 (local.get $i)))
        ;; Unsigned, so that everything below 'a' wraps to a large number.
        (if (i32.lt_u (i32.sub (local.get $c) (i32.const 97)) (i32.const 26))
          (then (local.set $c (i32.sub (local.get $c) (i32.const 32)))))
        (call $store_u8 (i64.add (local.get $out) (local.get $i)) (local.get $c))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next)))
    (call $store_u8 (i64.add (local.get $out) (local.get $n)) (i32.const 33))
    (call $output_set (local.get $out) (i64.add (local.get $n) (i64.const 1)))
    (i32.const 0))

  ;; reverse: the code points in reverse order. A byte and the UTF-8
  ;; continuation bytes behind it ([$i, $end)) move as one; so malformed text is
  ;; permuted too, never lost. Nothing in, nothing out.
  (func (export "reverse") (result i32)
    (local $n i64) (local $i i64) (local $end i64) (local $out i64) (local $to i64)
    (local.set $n (call $input_length))
    (if (i64.eqz (local.get $n)) (then (return (i32.const 0))))
    (local.set $out (call $alloc (local.get $n)))
    (if (i64.eqz (local.get $out)) (then (return (i32.const 1))))
    (loop $sequence
      (local.set $end (i64.add (local.get $i) (i64.const 1)))
      (block $complete
        (loop $longer
          (br_if $complete (i64.ge_u (local.get $end) (local.get $n)))
          (br_if $complete
            (i32.ne
              (i32.and (call $input_load_u8 (local.get $end)) (i32.const 0xc0))
              (i32.const 0x80)))
          (local.set $end (i64.add (local.get $end) (i64.const 1)))
          (br $longer)))
      (local.set $to (i64.add (local.get $out) (i64.sub (local.get $n) (local.get $end))))
      (loop $copy
        (call $store_u8 (local.get $to) (call $input_load_u8 (local.get $i)))
        (local.set $to (i64.add (local.get $to) (i64.const 1)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br_if $copy (i64.lt_u (local.get $i) (local.get $end))))
      (br_if $sequence (i64.lt_u (local.get $i) (local.get $n))))
    (call $output_set (local.get $out) (local.get $n))
    (i32.const 0))
)
