;; A plug-in that uses each function of docs/ABI.md but those for HTTP, and no
;; library: what a development kit for a new language has to do, in small. Its twin
;; in C, minimal.c, has the same exports and does the same. Section numbers are those
;; of docs/ABI.md.
(module
  ;; §3: offsets and lengths are i64.
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "length_unsafe" (func $length_unsafe (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load_u8 (param i64) (result i32)))
  (import "extism:host/env" "load_u64" (func $load_u64 (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "memory_bytes" (func $memory_bytes (result i64)))
  (import "extism:host/env" "reset" (func $reset))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "input_load_u64" (func $input_load_u64 (param i64) (result i64)))
  (import "extism:host/env" "input_offset" (func $input_offset (result i64)))
  (import "extism:host/env" "input_set" (func $input_set (param i64 i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "output_offset" (func $output_offset (result i64)))
  (import "extism:host/env" "output_length" (func $output_length (result i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "error_get" (func $error_get (result i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_trace" (func $log_trace (param i64)))
  (import "extism:host/env" "log_debug" (func $log_debug (param i64)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "log_warn" (func $log_warn (param i64)))
  (import "extism:host/env" "log_error" (func $log_error (param i64)))
  (import "extism:host/env" "get_log_level" (func $get_log_level (result i32)))
  ;; §9: the host's own. One takes and gives bytes, one takes numbers of every type.
  (import "extism:host/user" "upper" (func $upper (param i64) (result i64)))
  (import "extism:host/user" "sum" (func $sum (param i32 i64 f32 f64) (result f64)))

  ;; The guest's own memory; the host does not look into it.
  (memory 1)
  (data (i32.const 0) "no room") ;; 7 bytes
  (data (i32.const 16) "taken back") ;; 10 bytes
  (global $heap i32 (i32.const 1024)) ;; from here on memory is for bytes on their way

  (type $log (func (param i64)))
  (table funcref (elem $log_trace $log_debug $log_info $log_warn $log_error))

  ;; How often this instance has been called.
  (global $calls (mut i32) (i32.const 0))

  ;; ---- What a development kit has -------------------------------------------

  ;; The input, in the guest's memory at $heap; its length, or -1 if it has no room.
  (func $read_input (result i32)
    (local $n i64) (local $i i64) (local $missing i64)
    (local.set $n (call $input_length))
    (local.set $missing
      (i64.sub
        (i64.add (local.get $n) (i64.extend_i32_u (global.get $heap)))
        (i64.shl (i64.extend_i32_u (memory.size)) (i64.const 16))))
    (if (i64.gt_s (local.get $missing) (i64.const 0))
      (then
        (if (i32.eq
              (memory.grow
                (i32.wrap_i64 (i64.shr_u (i64.add (local.get $missing) (i64.const 65535)) (i64.const 16))))
              (i32.const -1))
          (then (return (i32.const -1))))))
    ;; §4: eight bytes at a time, and none of these loads reaches over the end.
    (block $tail
      (loop $eight
        (br_if $tail (i64.lt_u (i64.sub (local.get $n) (local.get $i)) (i64.const 8)))
        (i64.store
          (i32.add (global.get $heap) (i32.wrap_i64 (local.get $i)))
          (call $input_load_u64 (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 8)))
        (br $eight)))
    (block $done
      (loop $one
        (br_if $done (i64.eq (local.get $i) (local.get $n)))
        (i32.store8
          (i32.add (global.get $heap) (i32.wrap_i64 (local.get $i)))
          (call $input_load_u8 (local.get $i)))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $one)))
    (i32.wrap_i64 (local.get $n)))

  ;; A block with a copy of the guest's bytes; 0 if there is no room or no byte.
  (func $block (param $from i32) (param $n i32) (result i64)
    (local $block i64) (local $to i64)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $n))))
    (if (i64.eqz (local.get $block)) (then (return (i64.const 0))))
    (local.set $to (local.get $block))
    (block $tail
      (loop $eight
        (br_if $tail (i32.lt_u (local.get $n) (i32.const 8)))
        (call $store_u64 (local.get $to) (i64.load (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 8)))
        (local.set $to (i64.add (local.get $to) (i64.const 8)))
        (local.set $n (i32.sub (local.get $n) (i32.const 8)))
        (br $eight)))
    (block $done
      (loop $one
        (br_if $done (i32.eqz (local.get $n)))
        (call $store_u8 (local.get $to) (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (local.set $to (i64.add (local.get $to) (i64.const 1)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $one)))
    (local.get $block))

  ;; §6: an error and its code. If there is no room for the text the code has to do.
  (func $fail (param $text i32) (param $n i32) (param $code i32) (result i32)
    (call $error_set (call $block (local.get $text) (local.get $n)))
    (local.get $code))

  (func $no_room (result i32) (call $fail (i32.const 0) (i32.const 7) (i32.const 1)))

  ;; A whole block as output, without a copy. 0 leaves the output unset.
  (func $output_block (param $block i64)
    (call $output_set (local.get $block) (call $length (local.get $block))))

  ;; One byte as output.
  (func $output_byte (param $byte i32) (result i32)
    (local $block i64)
    (local.set $block (call $alloc (i64.const 1)))
    (if (i64.eqz (local.get $block)) (then (return (call $no_room))))
    (call $store_u8 (local.get $block) (local.get $byte))
    (call $output_block (local.get $block))
    (i32.const 0))

  ;; ---- The exports ------------------------------------------------------------

  ;; §7: runs before anything else, once for each instance.
  (func (export "_initialize") (global.set $calls (i32.const 64)))

  ;; count: one byte, 'A' the first time, then 'B': the guest's globals outlive a call.
  (func (export "count") (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (call $output_byte (global.get $calls)))

  ;; echo: the input by way of the guest's memory.
  (func (export "echo") (result i32)
    (local $n i32) (local $block i64)
    (if (i32.lt_s (local.tee $n (call $read_input)) (i32.const 0))
      (then (return (call $no_room))))
    (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
    (if (i64.eqz (local.tee $block (call $block (global.get $heap) (local.get $n))))
      (then (return (call $no_room))))
    (call $output_block (local.get $block))
    (i32.const 0))

  ;; reverse: the bytes of the input in reverse order, from block to block.
  (func (export "reverse") (result i32)
    (local $n i64) (local $i i64) (local $in i64) (local $out i64) (local $to i64)
    (local $eight i64) (local $turned i64) (local $bit i64)
    (local.set $n (call $input_length))
    (if (i64.eqz (local.get $n)) (then (return (i32.const 0))))
    (local.set $in (call $input_offset))
    (local.set $out (call $alloc (local.get $n)))
    (if (i64.eqz (local.get $out)) (then (return (call $no_room))))
    (local.set $to (i64.add (local.get $out) (local.get $n)))
    (block $tail
      (loop $each
        (br_if $tail (i64.lt_u (i64.sub (local.get $n) (local.get $i)) (i64.const 8)))
        (local.set $eight (call $load_u64 (i64.add (local.get $in) (local.get $i))))
        (local.set $turned (i64.const 0))
        (local.set $bit (i64.const 0))
        (loop $byte
          (local.set $turned
            (i64.or
              (i64.shl (local.get $turned) (i64.const 8))
              (i64.and (i64.shr_u (local.get $eight) (local.get $bit)) (i64.const 255))))
          (local.set $bit (i64.add (local.get $bit) (i64.const 8)))
          (br_if $byte (i64.lt_u (local.get $bit) (i64.const 64))))
        (local.set $to (i64.sub (local.get $to) (i64.const 8)))
        (call $store_u64 (local.get $to) (local.get $turned))
        (local.set $i (i64.add (local.get $i) (i64.const 8)))
        (br $each)))
    (block $done
      (loop $one
        (br_if $done (i64.eq (local.get $i) (local.get $n)))
        (local.set $to (i64.sub (local.get $to) (i64.const 1)))
        (call $store_u8 (local.get $to) (call $load_u8 (i64.add (local.get $in) (local.get $i))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $one)))
    (call $output_set (local.get $out) (local.get $n))
    (i32.const 0))

  ;; middle: the input without its first and last byte, as part of the input's block.
  (func (export "middle") (result i32)
    (local $from i64) (local $n i64)
    (local.set $n (i64.sub (call $input_length) (i64.const 2)))
    (if (i64.le_s (local.get $n) (i64.const 0)) (then (return (i32.const 0))))
    (local.set $from (i64.add (call $input_offset) (i64.const 1)))
    (call $output_set (local.get $from) (local.get $n))
    (call $output_set (i64.const 0) (i64.const 0)) ;; is ignored
    (if (i64.ne (call $output_offset) (local.get $from)) (then (return (i32.const 2))))
    (if (i64.ne (call $output_length) (local.get $n)) (then (return (i32.const 3))))
    (i32.const 0))

  ;; config: the value of the key that is the input. No output: there is none.
  (func (export "config") (result i32)
    (local $n i32)
    (if (i32.lt_s (local.tee $n (call $read_input)) (i32.const 0))
      (then (return (call $no_room))))
    (call $output_block (call $config_get (call $block (global.get $heap) (local.get $n))))
    (i32.const 0))

  ;; var: the input is a key, or key=value to set the var, key= to delete it. Gives
  ;; the value that it had before.
  (func (export "var") (result i32)
    (local $n i32) (local $key i32) (local $value i64)
    (if (i32.lt_s (local.tee $n (call $read_input)) (i32.const 0))
      (then (return (call $no_room))))
    (block $found
      (loop $look
        (br_if $found (i32.eq (local.get $key) (local.get $n)))
        (br_if $found
          (i32.eq (i32.load8_u (i32.add (global.get $heap) (local.get $key))) (i32.const 61)))
        (local.set $key (i32.add (local.get $key) (i32.const 1)))
        (br $look)))
    ;; §3: a key is given away, so it takes a new block each time.
    (call $output_block (call $var_get (call $block (global.get $heap) (local.get $key))))
    (if (i32.eq (local.get $key) (local.get $n)) (then (return (i32.const 0))))
    ;; An empty value has no block: 0 deletes.
    (local.set $value
      (call $block
        (i32.add (i32.add (global.get $heap) (local.get $key)) (i32.const 1))
        (i32.sub (i32.sub (local.get $n) (local.get $key)) (i32.const 1))))
    (call $var_set (call $block (global.get $heap) (local.get $key)) (local.get $value))
    (i32.const 0))

  ;; log: the input at each level that is wanted; gives how many these are, a digit.
  (func (export "log") (result i32)
    (local $n i32) (local $level i32) (local $lines i32)
    (if (i32.lt_s (local.tee $n (call $read_input)) (i32.const 0))
      (then (return (call $no_room))))
    (loop $each
      (if (i32.ge_s (local.get $level) (call $get_log_level))
        (then
          (call_indirect (type $log)
            (call $block (global.get $heap) (local.get $n)) (local.get $level))
          (local.set $lines (i32.add (local.get $lines) (i32.const 1)))))
      (local.set $level (i32.add (local.get $level) (i32.const 1)))
      (br_if $each (i32.lt_u (local.get $level) (i32.const 5))))
    (call $output_byte (i32.add (i32.const 48) (local.get $lines))))

  ;; fail: the input is a digit, the code to return, and the text of the error.
  (func (export "fail") (result i32)
    (local $n i32) (local $code i32)
    (local.set $n (call $read_input))
    (if (i32.lt_s (local.get $n) (i32.const 1)) (then (return (call $no_room))))
    (local.set $code (i32.sub (i32.load8_u (global.get $heap)) (i32.const 48)))
    (call $fail
      (i32.add (global.get $heap) (i32.const 1))
      (i32.sub (local.get $n) (i32.const 1))
      (local.get $code)))

  ;; recover: an error that is taken back is none.
  (func (export "recover") (result i32)
    (local $text i64)
    (local.set $text (call $block (i32.const 16) (i32.const 10)))
    (call $error_set (local.get $text))
    (if (i64.ne (call $error_get) (local.get $text)) (then (return (i32.const 2))))
    (call $error_set (i64.const 0))
    (if (i64.ne (call $error_get) (i64.const 0)) (then (return (i32.const 3))))
    (call $output_block (local.get $text))
    (i32.const 0))

  ;; mute: an error whose block is freed has no text, and is none.
  (func (export "mute") (result i32)
    (local $text i64)
    (local.set $text (call $block (i32.const 16) (i32.const 10)))
    (call $error_set (local.get $text))
    (call $free (local.get $text))
    (i32.const 0))

  ;; ask: what the host's function upper makes of the input.
  (func (export "ask") (result i32)
    (local $n i32) (local $question i64) (local $answer i64)
    (if (i32.lt_s (local.tee $n (call $read_input)) (i32.const 0))
      (then (return (call $no_room))))
    (local.set $question (call $block (global.get $heap) (local.get $n)))
    (local.set $answer (call $upper (local.get $question)))
    ;; §9: both blocks are ours. The answer goes on as output.
    (call $output_block (local.get $answer))
    (call $free (local.get $question))
    (i32.const 0))

  ;; add: the sum of the first four bytes of the input, as a number of each type, by
  ;; the host's function sum; one byte.
  (func (export "add") (result i32)
    (call $output_byte
      (i32.trunc_f64_u
        (call $sum
          (call $input_load_u8 (i64.const 0))
          (i64.extend_i32_u (call $input_load_u8 (i64.const 1)))
          (f32.convert_i32_u (call $input_load_u8 (i64.const 2)))
          (f64.convert_i32_u (call $input_load_u8 (i64.const 3)))))))

  ;; blocks: tries the rules of §2 and §3. Returns 0, or the number of the first that
  ;; does not hold.
  (func (export "blocks") (result i32)
    (local $a i64) (local $b i64) (local $n i64)
    (local.set $n (call $input_length))
    (if (i64.ne (call $alloc (i64.const 0)) (i64.const 0)) (then (return (i32.const 1))))
    (local.set $a (call $alloc (i64.const 13)))
    (local.set $b (call $alloc (i64.const 16)))
    (if (i64.eq (local.get $a) (local.get $b)) (then (return (i32.const 2))))
    (if (i64.ne (call $length (local.get $a)) (i64.const 13)) (then (return (i32.const 3))))
    (if (i64.ne (call $length_unsafe (local.get $b)) (i64.const 16)) (then (return (i32.const 4))))
    (if (i64.ne (call $length (i64.const 0)) (i64.const 0)) (then (return (i32.const 5))))
    (if (i64.ne (call $length_unsafe (i64.const 0)) (i64.const 0)) (then (return (i32.const 6))))
    (if (i64.ne (call $length (i64.add (local.get $b) (i64.const 8))) (i64.const 0)) (then (return (i32.const 7))))
    ;; New blocks hold zeros.
    (if (i64.ne (call $load_u64 (i64.add (local.get $a) (i64.const 5))) (i64.const 0)) (then (return (i32.const 8))))
    ;; Any alignment, the lowest byte first.
    (call $store_u64 (i64.add (local.get $a) (i64.const 5)) (i64.const 0x0807060504030201))
    (if (i32.ne (call $load_u8 (i64.add (local.get $a) (i64.const 5))) (i32.const 1)) (then (return (i32.const 9))))
    (if (i32.ne (call $load_u8 (i64.add (local.get $a) (i64.const 12))) (i32.const 8)) (then (return (i32.const 10))))
    ;; A store takes the lowest eight bits.
    (call $store_u8 (local.get $b) (i32.const 0x1ff))
    (if (i64.ne (call $load_u64 (local.get $b)) (i64.const 255)) (then (return (i32.const 11))))
    ;; Outside the memory.
    (call $store_u8 (i64.const 0xfffffffff0) (i32.const 1))
    (if (call $load_u8 (i64.const 0xfffffffff0)) (then (return (i32.const 12))))
    (if (call $input_load_u8 (local.get $n)) (then (return (i32.const 13))))
    ;; What is freed has no length, and freeing what is no block does nothing.
    (call $free (local.get $a))
    (call $free (local.get $a))
    (call $free (i64.const 0))
    (call $free (i64.add (local.get $b) (i64.const 8)))
    (if (i64.ne (call $length (local.get $a)) (i64.const 0)) (then (return (i32.const 14))))
    (if (i64.ne (call $length (local.get $b)) (i64.const 16)) (then (return (i32.const 15))))
    ;; Another input.
    (call $input_set (local.get $b) (i64.const 16))
    (if (i64.ne (call $input_offset) (local.get $b)) (then (return (i32.const 16))))
    (if (i64.ne (call $input_length) (i64.const 16)) (then (return (i32.const 17))))
    (if (i32.ne (call $input_load_u8 (i64.const 0)) (i32.const 255)) (then (return (i32.const 18))))
    (call $free (local.get $b))
    (if (i64.ne (call $input_length) (i64.const 0)) (then (return (i32.const 19))))
    (if (i64.eqz (call $memory_bytes)) (then (return (i32.const 20))))
    ;; After a reset nothing is left.
    (local.set $a (call $alloc (i64.const 1)))
    (call $output_set (local.get $a) (i64.const 1))
    (call $error_set (local.get $a))
    (call $reset)
    (if (i64.ne (call $length (local.get $a)) (i64.const 0)) (then (return (i32.const 21))))
    (if (i64.ne (call $output_length) (i64.const 0)) (then (return (i32.const 22))))
    (if (i64.ne (call $error_get) (i64.const 0)) (then (return (i32.const 23))))
    (i32.const 0))
)
