;; Thousands of live blocks, freed in odd orders: what an allocator costs that
;; looks for things. Every block's length is asked for while it lives and after it
;; was freed, and a byte in it is read back.
;;
;; At most 32,767 blocks a call, freed ones included: the peer numbers them with
;; 15 bits.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  ;; 0: $count blocks' addresses.
  (memory (export "memory") 1)
  (global $count i32 (i32.const 5000))
  (global $random (mut i64) (i64.const 0))
  ;; What the call's output tells: every length and byte seen goes in.
  (global $sum (mut i64) (i64.const 0))

  ;; Gives one number as the output, eight bytes, little-endian.
  (func $output_number (param $value i64) (result i32)
    (local $out i64)
    (local.set $out (call $alloc (i64.const 8)))
    (call $store_u64 (local.get $out) (local.get $value))
    (call $output_set (local.get $out) (i64.const 8))
    (i32.const 0))

  (func $mix (param $value i64)
    (global.set $sum
      (i64.add
        (i64.mul (global.get $sum) (i64.const 1099511628211))
        (local.get $value))))

  ;; 1 to 512, from a linear congruential generator: the same in every call.
  (func $next_size (result i64)
    (global.set $random
      (i64.add
        (i64.mul (global.get $random) (i64.const 6364136223846793005))
        (i64.const 1442695040888963407)))
    (i64.add (i64.shr_u (global.get $random) (i64.const 55)) (i64.const 1)))

  (func $address (param $i i32) (result i64)
    (i64.load (i32.shl (local.get $i) (i32.const 3))))

  ;; Allocates block $i and marks its last byte with $i.
  (func $make (param $i i32)
    (local $size i64) (local $block i64)
    (local.set $size (call $next_size))
    (local.set $block (call $alloc (local.get $size)))
    (if (i64.eqz (local.get $block)) (then (unreachable)))
    (i64.store (i32.shl (local.get $i) (i32.const 3)) (local.get $block))
    (call $store_u8
      (i64.add (local.get $block) (i64.sub (local.get $size) (i64.const 1)))
      (i32.and (local.get $i) (i32.const 255))))

  ;; Looks at block $i, frees it, and looks again.
  (func $drop_block (param $i i32)
    (local $block i64) (local $size i64)
    (local.set $block (call $address (local.get $i)))
    (local.set $size (call $length (local.get $block)))
    (call $mix (local.get $size))
    (call $mix
      (i64.extend_i32_u
        (call $load_u8
          (i64.add (local.get $block) (i64.sub (local.get $size) (i64.const 1))))))
    (call $free (local.get $block))
    (call $mix (call $length (local.get $block))))

  ;; Frees and, if $again, makes anew each $step-th block from $first on.
  (func $churn (param $first i32) (param $step i32) (param $again i32)
    (local $i i32)
    (local.set $i (local.get $first))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (global.get $count)))
        (call $drop_block (local.get $i))
        (local.set $i (i32.add (local.get $i) (local.get $step)))
        (br $next)))
    (if (i32.eqz (local.get $again)) (then (return)))
    (local.set $i (local.get $first))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $i) (global.get $count)))
        (call $make (local.get $i))
        (local.set $i (i32.add (local.get $i) (local.get $step)))
        (br $next))))

  (func (export "alloc") (result i32)
    (local $i i32) (local $left i32)
    (global.set $random (call $input_length))
    (global.set $sum (i64.const 0))
    (loop $next
      (call $make (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (global.get $count))))

    ;; Holes of many sizes, filled again.
    (call $churn (i32.const 0) (i32.const 2) (i32.const 1))
    (call $churn (i32.const 1) (i32.const 3) (i32.const 1))
    (call $churn (i32.const 2) (i32.const 7) (i32.const 1))

    ;; The end, in an order that is neither the blocks' nor its reverse: steps of
    ;; 2,741, which has no divisor in common with 5,000.
    (local.set $i (i32.const 17))
    (local.set $left (global.get $count))
    (loop $next
      (call $drop_block (local.get $i))
      (local.set $i
        (i32.rem_u (i32.add (local.get $i) (i32.const 2741)) (global.get $count)))
      (br_if $next
        (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
    (call $output_number (global.get $sum)))
)
