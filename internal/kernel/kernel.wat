;; The kernel: the memory through which a plug-in and its host exchange bytes,
;; and the namespace `extism:host/env` that plug-ins import. One instance serves
;; one plug-in.
;;
;; Its functions do what those of Extism's own kernel do, with two differences:
;; every operation takes constant (amortised) time, and nothing that a guest
;; writes can reach the allocator's own data. So there is nothing to validate:
;; a guest that overruns a block spoils bytes of other blocks and no more.
;;
;; Memory
;;
;;   0      32     864  1024          top    limit          floor          end
;;   +------+------+----+-------------+------+--------------+--------------+
;;   | maps | bins |    | heap        | stale| never given  | descriptors, |
;;   |      |      |    |             |      | out          | hash table   |
;;   +------+------+----+-------------+------+--------------+--------------+
;;                      |<- guests can address ->|
;;
;;   maps   7 words, one bit a bin: set if the bin holds a block.
;;   bins   208 words: lists of free blocks by size.
;;   heap   blocks back to back, live or free, at multiples of 16, without
;;          headers. The last one is always live: when it is freed, `top` falls.
;;   limit  the highest `top` since the last reset. Loads and stores reach from
;;          1024 to here. What lies above `top` was freed in this call; as in
;;          Extism's kernel, a guest that frees its output has still set it.
;;   floor  the lowest byte of what the guest must not touch, which grows down.
;;          It moves up together with `end` when the memory grows; therefore
;;          descriptors and the table are named by their distance from `end`,
;;          a negative number, and 0 is "none".
;;
;; A descriptor holds 6 words:
;;
;;   +0  offset of the block, a multiple of 16; of a spare descriptor, the next one
;;   +4  length in bytes as asked for; 0: the block is free
;;   +8  previous block in order of address
;;   +12 next block; its offset tells where this one ends (the last one: `top`)
;;   +16 live: next in the chain of the hash table; free: previous in the bin
;;   +20 free: next in the bin
;;
;; Two free blocks never lie side by side.
;;
;; What a block contains: bytes that were free since before the last reset read
;; as 0, so no call sees what another one left; a block that is reused within a
;; call holds what it held. Extism's kernel gives the same. To make a reset cheap
;; the bytes are cleared when `limit` passes them again, and only below `dirty`:
;; above it, up to `floor`, memory has never been written or has been cleared.
(module
  ;; Every entry into Go goes through the gate, which probes the stack first and
  ;; traps if the core is dead.
  (import "gate" "enter" (func $enter))
  (import "gate" "leave" (func $leave))
  (import "gate" "reenter" (func $reenter))
  ;; Who is calling, and how many pages this memory may have at most.
  (import "go" "id" (global $id i32))
  (import "go" "max_pages" (global $max_pages i32))
  (import "go" "config_get" (func $go_config_get (param i32 i32 i32) (result i64)))
  (import "go" "var_get" (func $go_var_get (param i32 i32 i32) (result i64)))
  (import "go" "var_set" (func $go_var_set (param i32 i32 i32 i32 i32) (result i32)))
  (import "go" "log" (func $go_log (param i32 i32 i32) (result i32)))
  (import "go" "get_log_level" (func $go_get_log_level (param i32) (result i32)))
  (import "go" "http_request" (func $go_http_request (param i32 i32 i32) (result i64)))
  (import "go" "http_status_code" (func $go_http_status_code (param i32) (result i32)))
  (import "go" "http_headers" (func $go_http_headers (param i32) (result i64)))
  (import "go" "plugin_begin" (func $go_plugin_begin (param i32 i32) (result i32)))
  (import "go" "plugin_end" (func $go_plugin_end (param i32 i32 i32 i32 i32) (result i32)))
  ;; The driver's sink for log lines. User code may run in it, so it is called
  ;; only while no Go frame is on the stack.
  (import "host" "log" (func $host_log (param i32 i32 i32 i32) (result i32)))
  ;; Whether the request that the plug-in has begun is made: takes its number and the
  ;; length of the body; 0 is a stop. It is asked first since the other one may suspend
  ;; its caller, which where nobody can be suspended is an exception that a guest could
  ;; catch.
  (import "host" "http" (func $host_http (param i32 i32) (result i32)))
  ;; Makes it. Takes the plug-in's number and the body, gives the response's offset.
  (import "host" "http_wait" (func $host_http_wait (param i32 i32 i32) (result f64)))

  (memory (export "memory") 1)

  (global $top (mut i32) (i32.const 1024))
  (global $limit (mut i32) (i32.const 1024))
  (global $dirty (mut i32) (i32.const 1024))
  (global $floor (mut i32) (i32.const 65280))
  (global $end (mut i32) (i32.const 65536))
  ;; How many offsets, from 1024 on, guests can read a byte at, and 8 bytes at.
  ;; They follow from `limit`; kept as i64 so that an access costs one comparison,
  ;; which also turns away whatever does not fit in 32 bits.
  (global $reach (mut i64) (i64.const 0))
  (global $reach8 (mut i64) (i64.const 0))

  (global $last (mut i32) (i32.const 0))    ;; descriptor of the highest block
  (global $spare (mut i32) (i32.const 0))   ;; list of descriptors not in use
  (global $words (mut i32) (i32.const 0))   ;; one bit a word of the maps: not 0
  (global $live (mut i32) (i32.const 0))    ;; number of live blocks
  ;; The hash table finds the descriptor of a live block: words that start chains.
  ;; It has 2^(32-shift) of them: 64 after a reset.
  (global $table (mut i32) (i32.const -256))
  (global $shift (mut i32) (i32.const 26))

  (global $input (mut i32) (i32.const 0))
  (global $input_length (mut i64) (i64.const 0))
  (global $input_reach8 (mut i64) (i64.const 0)) ;; as reach8
  (global $output (mut i32) (i32.const 0))
  (global $output_length (mut i32) (i32.const 0))
  (global $output_empty (mut i32) (i32.const 0)) ;; output_set(0, 0) was called
  (global $error (mut i32) (i32.const 0))

  ;; ---- Loads and stores ----------------------------------------------------
  ;;
  ;; Guests copy through these eight bytes at a time, so they are as short as can
  ;; be. A load out of bounds gives 0, a store out of bounds does nothing.

  (func (export "load_u8") (param $off i64) (result i32)
    (if (result i32) (i64.lt_u (i64.sub (local.get $off) (i64.const 1024)) (global.get $reach))
      (then (i32.load8_u (i32.wrap_i64 (local.get $off))))
      (else (i32.const 0))))

  (func (export "load_u64") (param $off i64) (result i64)
    (if (result i64) (i64.lt_u (i64.sub (local.get $off) (i64.const 1024)) (global.get $reach8))
      (then (i64.load align=1 (i32.wrap_i64 (local.get $off))))
      (else (i64.const 0))))

  (func (export "store_u8") (param $off i64) (param $value i32)
    (if (i64.lt_u (i64.sub (local.get $off) (i64.const 1024)) (global.get $reach))
      (then (i32.store8 (i32.wrap_i64 (local.get $off)) (local.get $value)))))

  (func (export "store_u64") (param $off i64) (param $value i64)
    (if (i64.lt_u (i64.sub (local.get $off) (i64.const 1024)) (global.get $reach8))
      (then (i64.store align=1 (i32.wrap_i64 (local.get $off)) (local.get $value)))))

  ;; Positions in the input count from its start; all eight bytes must belong to it.
  (func (export "input_load_u8") (param $at i64) (result i32)
    (if (result i32) (i64.lt_u (local.get $at) (global.get $input_length))
      (then (i32.load8_u (i32.add (global.get $input) (i32.wrap_i64 (local.get $at)))))
      (else (i32.const 0))))

  (func (export "input_load_u64") (param $at i64) (result i64)
    (if (result i64) (i64.lt_u (local.get $at) (global.get $input_reach8))
      (then (i64.load align=1 (i32.add (global.get $input) (i32.wrap_i64 (local.get $at)))))
      (else (i64.const 0))))

  ;; ---- Room: the memory between the heap and the descriptors ----------------

  ;; Makes sure that `bytes` bytes from `from` on (top or limit) lie below the
  ;; floor; grows the memory if need be. 0: there is no room. May move all
  ;; descriptors and the table, so no caller keeps an address over it.
  (func $reserve (param $from i32) (param $bytes i32) (result i32)
    (local $gap i32) (local $pages i32) (local $have i32) (local $room i32) (local $step i32)
    (local.set $gap (i32.sub (global.get $floor) (local.get $from)))
    (if (i32.ge_u (local.get $gap) (local.get $bytes)) (then (return (i32.const 1))))
    (local.set $pages
      (i32.add
        (i32.shr_u
          (i32.sub (i32.sub (local.get $bytes) (local.get $gap)) (i32.const 1))
          (i32.const 16))
        (i32.const 1)))
    ;; The 65,536th page stays unused, so that `end` fits in 32 bits.
    (local.set $have (memory.size))
    (local.set $room
      (select (global.get $max_pages) (i32.const 65535)
        (i32.lt_u (global.get $max_pages) (i32.const 65535))))
    (local.set $room
      (select (i32.sub (local.get $room) (local.get $have)) (i32.const 0)
        (i32.gt_u (local.get $room) (local.get $have))))
    (if (i32.gt_u (local.get $pages) (local.get $room)) (then (return (i32.const 0))))
    ;; A quarter more than there is, if that is allowed: growing is expensive, and
    ;; this makes it rare.
    (local.set $step (i32.shr_u (local.get $have) (i32.const 2)))
    (local.set $step
      (select (local.get $step) (local.get $room)
        (i32.lt_u (local.get $step) (local.get $room))))
    (local.set $step
      (select (local.get $step) (local.get $pages)
        (i32.gt_u (local.get $step) (local.get $pages))))
    (if (i32.eq (memory.grow (local.get $step)) (i32.const -1))
      (then
        (if (i32.eq (local.get $step) (local.get $pages)) (then (return (i32.const 0))))
        (local.set $step (local.get $pages))
        (if (i32.eq (memory.grow (local.get $step)) (i32.const -1))
          (then (return (i32.const 0))))))
    (call $raise (i32.shl (local.get $step) (i32.const 16)))
    (i32.const 1))

  ;; Moves what lies between floor and end up by `by` bytes, to the new end, and
  ;; clears where it was.
  (func $raise (param $by i32)
    (local $old i32) (local $stop i32)
    (local.set $old (global.get $floor))
    (local.set $stop (global.get $end))
    (global.set $floor (i32.add (local.get $old) (local.get $by)))
    (global.set $end (i32.add (local.get $stop) (local.get $by)))
    (memory.copy (global.get $floor) (local.get $old)
      (i32.sub (local.get $stop) (local.get $old)))
    ;; The two places may overlap.
    (local.set $stop
      (select (local.get $stop) (global.get $floor)
        (i32.lt_u (local.get $stop) (global.get $floor))))
    (memory.fill (local.get $old) (i32.const 0) (i32.sub (local.get $stop) (local.get $old))))

  ;; Lowers the floor by `bytes`. If there is no other room it takes what lies above
  ;; `top`, so guests can no longer read what they have freed there.
  (func $lower (param $bytes i32) (result i32)
    (if (i32.eqz (call $reserve (global.get $limit) (local.get $bytes)))
      (then
        (if (i32.eqz (call $reserve (global.get $top) (local.get $bytes)))
          (then (return (i32.const 0))))))
    (global.set $floor (i32.sub (global.get $floor) (local.get $bytes)))
    (if (i32.lt_u (global.get $floor) (global.get $limit))
      (then (call $set_limit (global.get $floor))))
    (i32.const 1))

  (func $set_limit (param $limit i32)
    (global.set $limit (local.get $limit))
    (global.set $reach
      (i64.extend_i32_u (i32.sub (local.get $limit) (i32.const 1024))))
    (global.set $reach8
      (select
        (i64.sub (global.get $reach) (i64.const 7))
        (i64.const 0)
        (i64.gt_u (global.get $reach) (i64.const 7)))))

  ;; A descriptor with arbitrary contents; 0: there is no room for one.
  (func $new (result i32)
    (local $d i32)
    (if (local.tee $d (global.get $spare))
      (then
        (global.set $spare (i32.load (i32.add (global.get $end) (local.get $d))))
        (return (local.get $d))))
    (if (i32.eqz (call $lower (i32.const 24))) (then (return (i32.const 0))))
    (i32.sub (global.get $floor) (global.get $end)))

  (func $drop (param $d i32)
    (i32.store (i32.add (global.get $end) (local.get $d)) (global.get $spare))
    (global.set $spare (local.get $d)))

  ;; ---- Bins: free blocks by size ---------------------------------------------
  ;;
  ;; Up to 15 units of 16 bytes there is a bin for each size; above that, eight
  ;; for each doubling.

  (func $bin (param $size i32) (result i32)
    (local $s i32)
    (local.set $size (i32.shr_u (local.get $size) (i32.const 4)))
    (local.set $s
      (i32.sub (i32.const 28) (i32.clz (i32.or (local.get $size) (i32.const 8)))))
    (i32.add
      (i32.shl (local.get $s) (i32.const 3))
      (i32.shr_u (local.get $size) (local.get $s))))

  ;; Bytes from the start of block `d` to the start of the next.
  (func $size (param $d i32) (result i32)
    (local $p i32) (local $next i32)
    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (i32.sub
      (if (result i32) (local.tee $next (i32.load offset=12 (local.get $p)))
        (then (i32.load (i32.add (global.get $end) (local.get $next))))
        (else (global.get $top)))
      (i32.load (local.get $p))))

  ;; Puts the free block `d` at the head of its bin.
  (func $put (param $d i32)
    (local $p i32) (local $bin i32) (local $head i32) (local $word i32)
    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (local.set $bin (call $bin (call $size (local.get $d))))
    (local.set $head (i32.load offset=32 (i32.shl (local.get $bin) (i32.const 2))))
    (i32.store offset=16 (local.get $p) (i32.const 0))
    (i32.store offset=20 (local.get $p) (local.get $head))
    (i32.store offset=32 (i32.shl (local.get $bin) (i32.const 2)) (local.get $d))
    (if (local.get $head)
      (then
        (i32.store offset=16 (i32.add (global.get $end) (local.get $head)) (local.get $d))
        (return)))
    (local.set $word (i32.shr_u (local.get $bin) (i32.const 5)))
    (i32.store (i32.shl (local.get $word) (i32.const 2))
      (i32.or
        (i32.load (i32.shl (local.get $word) (i32.const 2)))
        (i32.shl (i32.const 1) (local.get $bin))))
    (global.set $words
      (i32.or (global.get $words) (i32.shl (i32.const 1) (local.get $word)))))

  ;; Takes the free block `d` out of its bin.
  (func $unput (param $d i32)
    (local $p i32) (local $prev i32) (local $next i32) (local $bin i32) (local $word i32)
    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (local.set $prev (i32.load offset=16 (local.get $p)))
    (local.set $next (i32.load offset=20 (local.get $p)))
    (if (local.get $next)
      (then (i32.store offset=16 (i32.add (global.get $end) (local.get $next)) (local.get $prev))))
    (if (local.get $prev)
      (then
        (i32.store offset=20 (i32.add (global.get $end) (local.get $prev)) (local.get $next))
        (return)))
    (local.set $bin (call $bin (call $size (local.get $d))))
    (i32.store offset=32 (i32.shl (local.get $bin) (i32.const 2)) (local.get $next))
    (if (local.get $next) (then (return)))
    ;; The bin is empty now, and so may be its word of the maps.
    (local.set $word (i32.shr_u (local.get $bin) (i32.const 5)))
    (local.set $bin
      (i32.and
        (i32.load (i32.shl (local.get $word) (i32.const 2)))
        (i32.rotl (i32.const -2) (local.get $bin))))
    (i32.store (i32.shl (local.get $word) (i32.const 2)) (local.get $bin))
    (if (i32.eqz (local.get $bin))
      (then
        (global.set $words
          (i32.and (global.get $words) (i32.rotl (i32.const -2) (local.get $word)))))))

  ;; Takes a free block of at least `size` bytes out of the bins: one of the first
  ;; `tries` of those of about that size, or else a larger one, whichever comes
  ;; first in the smallest bin that has any. 0: there is none.
  (func $take (param $size i32) (param $tries i32) (result i32)
    (local $bin i32) (local $d i32) (local $word i32) (local $map i32)
    (if (i32.eqz (global.get $words)) (then (return (i32.const 0))))
    (local.set $bin (call $bin (local.get $size)))
    (local.set $d (i32.load offset=32 (i32.shl (local.get $bin) (i32.const 2))))
    (block $none
      (loop $look
        (br_if $none (i32.eqz (local.get $d)))
        (br_if $none (i32.eqz (local.get $tries)))
        (if (i32.ge_u (call $size (local.get $d)) (local.get $size))
          (then (call $unput (local.get $d)) (return (local.get $d))))
        (local.set $d (i32.load offset=20 (i32.add (global.get $end) (local.get $d))))
        (local.set $tries (i32.sub (local.get $tries) (i32.const 1)))
        (br $look)))
    (local.set $word (i32.shr_u (local.get $bin) (i32.const 5)))
    (local.set $map
      (i32.and
        (i32.load (i32.shl (local.get $word) (i32.const 2)))
        (i32.shl (i32.const -2) (local.get $bin))))
    (if (i32.eqz (local.get $map))
      (then
        (local.set $map
          (i32.and (global.get $words) (i32.shl (i32.const -2) (local.get $word))))
        (if (i32.eqz (local.get $map)) (then (return (i32.const 0))))
        (local.set $word (i32.ctz (local.get $map)))
        (local.set $map (i32.load (i32.shl (local.get $word) (i32.const 2))))))
    (local.set $bin
      (i32.add (i32.shl (local.get $word) (i32.const 5)) (i32.ctz (local.get $map))))
    (local.set $d (i32.load offset=32 (i32.shl (local.get $bin) (i32.const 2))))
    (call $unput (local.get $d))
    (local.get $d))

  ;; ---- The hash table: live blocks by offset ---------------------------------

  ;; The address of the word that starts the chain for `off`. Multiplying by
  ;; 2^32 / golden ratio spreads offsets however regular they are.
  (func $slot (param $off i32) (result i32)
    (i32.add
      (i32.add (global.get $end) (global.get $table))
      (i32.shl
        (i32.shr_u (i32.mul (local.get $off) (i32.const 0x9e3779b1)) (global.get $shift))
        (i32.const 2))))

  ;; Puts the live block `d` into the table.
  (func $link (param $d i32)
    (local $p i32) (local $slot i32)
    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (local.set $slot (call $slot (i32.load (local.get $p))))
    (i32.store offset=16 (local.get $p) (i32.load (local.get $slot)))
    (i32.store (local.get $slot) (local.get $d)))

  ;; Counts the live block `d` and puts it into the table, which becomes four
  ;; times as large when there is a block for each of its words. If there is no
  ;; room for that, chains grow instead.
  (func $insert (param $d i32)
    (local $bytes i32)
    (global.set $live (i32.add (global.get $live) (i32.const 1)))
    (if (i32.le_u
          (global.get $live)
          (i32.shl (i32.const 1) (i32.sub (i32.const 32) (global.get $shift))))
      (then (call $link (local.get $d)) (return)))
    (local.set $bytes (i32.shl (i32.const 1) (i32.sub (i32.const 36) (global.get $shift))))
    (if (i32.eqz (call $lower (local.get $bytes)))
      (then (call $link (local.get $d)) (return)))
    (memory.fill (global.get $floor) (i32.const 0) (local.get $bytes))
    (global.set $table (i32.sub (global.get $floor) (global.get $end)))
    (global.set $shift (i32.sub (global.get $shift) (i32.const 2)))
    (local.set $d (global.get $last))
    (loop $each
      (if (i32.load offset=4 (i32.add (global.get $end) (local.get $d)))
        (then (call $link (local.get $d))))
      (br_if $each
        (local.tee $d (i32.load offset=8 (i32.add (global.get $end) (local.get $d)))))))

  ;; The descriptor of the live block that starts at `off`; 0: there is none.
  (func $find (param $off i64) (result i32)
    (local $d i32) (local $p i32)
    (if (i64.ge_u (i64.sub (local.get $off) (i64.const 1024)) (global.get $reach))
      (then (return (i32.const 0))))
    (local.set $d (i32.load (call $slot (i32.wrap_i64 (local.get $off)))))
    (loop $chain
      (if (i32.eqz (local.get $d)) (then (return (i32.const 0))))
      (local.set $p (i32.add (global.get $end) (local.get $d)))
      (if (i32.eq (i32.load (local.get $p)) (i32.wrap_i64 (local.get $off)))
        (then (return (local.get $d))))
      (local.set $d (i32.load offset=16 (local.get $p)))
      (br $chain))
    (unreachable))

  ;; As $find, and takes the block out of the table.
  (func $forget (param $off i64) (result i32)
    (local $link i32) (local $d i32) (local $p i32)
    (if (i64.ge_u (i64.sub (local.get $off) (i64.const 1024)) (global.get $reach))
      (then (return (i32.const 0))))
    (local.set $link (call $slot (i32.wrap_i64 (local.get $off))))
    (loop $chain
      (if (i32.eqz (local.tee $d (i32.load (local.get $link))))
        (then (return (i32.const 0))))
      (local.set $p (i32.add (global.get $end) (local.get $d)))
      (if (i32.eq (i32.load (local.get $p)) (i32.wrap_i64 (local.get $off)))
        (then
          (i32.store (local.get $link) (i32.load offset=16 (local.get $p)))
          (global.set $live (i32.sub (global.get $live) (i32.const 1)))
          (return (local.get $d))))
      (local.set $link (i32.add (local.get $p) (i32.const 16)))
      (br $chain))
    (unreachable))

  ;; ---- Blocks ----------------------------------------------------------------

  ;; A new last block of `size` bytes. What an earlier call may have left in it is
  ;; cleared, but not in its first `keep` bytes. Returns its descriptor, which is not
  ;; in the table yet; 0: there is no room.
  (func $carve (param $size i32) (param $keep i32) (result i32)
    (local $d i32) (local $p i32) (local $off i32) (local $stop i32) (local $spare i32)
    (if (i32.eqz (local.tee $d (call $new))) (then (return (i32.const 0))))
    ;; For each 128 bytes of heap one is kept for descriptors: else a large block that
    ;; takes the last of a limited memory could not be cut up once it is free.
    (local.set $spare
      (i32.shr_u (i32.add (global.get $top) (local.get $size)) (i32.const 7)))
    (local.set $stop (i32.sub (global.get $end) (global.get $floor)))
    (local.set $spare
      (select (i32.sub (local.get $spare) (local.get $stop)) (i32.const 0)
        (i32.gt_u (local.get $spare) (local.get $stop))))
    (if (i32.eqz
          (call $reserve (global.get $top) (i32.add (local.get $size) (local.get $spare))))
      (then (call $drop (local.get $d)) (return (i32.const 0))))
    (local.set $off (global.get $top))
    (global.set $top (i32.add (local.get $off) (local.get $size)))

    ;; Below `limit` the bytes are this call's own already.
    (local.set $keep (i32.add (local.get $off) (local.get $keep)))
    (local.set $keep
      (select (local.get $keep) (global.get $limit)
        (i32.gt_u (local.get $keep) (global.get $limit))))
    (local.set $stop
      (select (global.get $top) (global.get $dirty)
        (i32.lt_u (global.get $top) (global.get $dirty))))
    (if (i32.lt_u (local.get $keep) (local.get $stop))
      (then
        (memory.fill (local.get $keep) (i32.const 0)
          (i32.sub (local.get $stop) (local.get $keep)))))
    (if (i32.gt_u (global.get $top) (global.get $dirty))
      (then (global.set $dirty (global.get $top))))
    (if (i32.gt_u (global.get $top) (global.get $limit))
      (then (call $set_limit (global.get $top))))

    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (i32.store (local.get $p) (local.get $off))
    (i32.store offset=8 (local.get $p) (global.get $last))
    (i32.store offset=12 (local.get $p) (i32.const 0))
    (if (global.get $last)
      (then
        (i32.store offset=12 (i32.add (global.get $end) (global.get $last)) (local.get $d))))
    (global.set $last (local.get $d))
    (local.get $d))

  ;; Cuts block `d`, which is in no bin, down to `size` bytes and makes what remains
  ;; a free block. If there is no room for its descriptor, the block keeps it all,
  ;; unless that were more than half: then it goes back to its bin, and the result
  ;; is 0.
  (func $split (param $d i32) (param $size i32) (result i32)
    (local $more i32) (local $rest i32) (local $p i32) (local $q i32) (local $next i32)
    (local.set $more (i32.sub (call $size (local.get $d)) (local.get $size)))
    (if (i32.eqz (local.get $more)) (then (return (i32.const 1))))
    (if (i32.eqz (local.tee $rest (call $new)))
      (then
        (if (i32.le_u (local.get $more) (local.get $size)) (then (return (i32.const 1))))
        (call $put (local.get $d))
        (return (i32.const 0))))
    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (local.set $q (i32.add (global.get $end) (local.get $rest)))
    ;; A block that was free has a next one, which is live.
    (local.set $next (i32.load offset=12 (local.get $p)))
    (i32.store (local.get $q) (i32.add (i32.load (local.get $p)) (local.get $size)))
    (i32.store offset=4 (local.get $q) (i32.const 0))
    (i32.store offset=8 (local.get $q) (local.get $d))
    (i32.store offset=12 (local.get $q) (local.get $next))
    (i32.store offset=12 (local.get $p) (local.get $rest))
    (i32.store offset=8 (i32.add (global.get $end) (local.get $next)) (local.get $rest))
    (call $put (local.get $rest))
    (i32.const 1))

  ;; A live block of `n` bytes, 1 to 0xfe000000; gives its offset, or 0 if there is
  ;; no room. For `keep` see $carve.
  (func $block (param $n i32) (param $keep i32) (result i32)
    (local $size i32) (local $d i32) (local $p i32)
    (local.set $size (i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16)))
    (block $got
      (br_if $got (local.tee $d (call $take (local.get $size) (i32.const 8))))
      (br_if $got (local.tee $d (call $carve (local.get $size) (local.get $keep))))
      ;; No room: now it is worth looking at every free block of about that size.
      (br_if $got (local.tee $d (call $take (local.get $size) (i32.const -1))))
      (return (i32.const 0)))
    (if (i32.eqz (call $split (local.get $d) (local.get $size)))
      (then (return (i32.const 0))))
    (i32.store offset=4 (i32.add (global.get $end) (local.get $d)) (local.get $n))
    (call $insert (local.get $d))
    (i32.load (i32.add (global.get $end) (local.get $d))))

  ;; Makes block `d`, which is no longer in the table, free, together with its free
  ;; neighbours.
  (func $release (param $d i32)
    (local $p i32) (local $near i32) (local $q i32) (local $next i32)
    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (i32.store offset=4 (local.get $p) (i32.const 0))
    (local.set $next (i32.load offset=12 (local.get $p)))
    (if (local.tee $near (local.get $next))
      (then
        (local.set $q (i32.add (global.get $end) (local.get $near)))
        (if (i32.eqz (i32.load offset=4 (local.get $q)))
          (then
            (call $unput (local.get $near))
            (local.set $next (i32.load offset=12 (local.get $q)))
            (call $join (local.get $d) (local.get $next))
            (call $drop (local.get $near))))))
    (if (local.tee $near (i32.load offset=8 (local.get $p)))
      (then
        (if (i32.eqz (i32.load offset=4 (i32.add (global.get $end) (local.get $near))))
          (then
            (call $unput (local.get $near))
            (call $join (local.get $near) (local.get $next))
            (call $drop (local.get $d))
            (local.set $d (local.get $near))))))
    (if (local.get $next)
      (then (call $put (local.get $d)) (return)))
    ;; It was the last block: give its bytes back.
    (local.set $p (i32.add (global.get $end) (local.get $d)))
    (global.set $top (i32.load (local.get $p)))
    (call $join (i32.load offset=8 (local.get $p)) (i32.const 0))
    (call $drop (local.get $d)))

  ;; Makes block `next` follow block `d`; either may be none.
  (func $join (param $d i32) (param $next i32)
    (if (local.get $d)
      (then (i32.store offset=12 (i32.add (global.get $end) (local.get $d)) (local.get $next))))
    (if (local.get $next)
      (then (i32.store offset=8 (i32.add (global.get $end) (local.get $next)) (local.get $d)))
      (else (global.set $last (local.get $d)))))

  (func (export "alloc") (param $n i64) (result i64)
    (if (i64.ge_u (i64.sub (local.get $n) (i64.const 1)) (i64.const 0xfe000000))
      (then (return (i64.const 0))))
    (i64.extend_i32_u (call $block (i32.wrap_i64 (local.get $n)) (i32.const 0))))

  ;; Freeing anything but a live block does nothing. Freeing the input empties it.
  (func $free (export "free") (param $off i64)
    (local $d i32)
    (if (i32.eqz (local.tee $d (call $forget (local.get $off)))) (then (return)))
    (if (i32.eq (i32.wrap_i64 (local.get $off)) (global.get $input))
      (then (call $take_input (global.get $input) (i32.const 0))))
    (call $release (local.get $d))
    ;; With the last block go the descriptors, if they take more than a little.
    (if (i32.eqz (global.get $live))
      (then
        (if (i32.gt_u (i32.sub (global.get $end) (global.get $floor)) (i32.const 4096))
          (then (call $forget_all))))))

  ;; The length of the live block that starts at `off`; 0 if there is none.
  (func $length (param $off i64) (result i32)
    (local $d i32)
    (if (result i32) (local.tee $d (call $find (local.get $off)))
      (then (i32.load offset=4 (i32.add (global.get $end) (local.get $d))))
      (else (i32.const 0))))

  (func $length64 (export "length") (export "length_unsafe") (param $off i64) (result i64)
    (i64.extend_i32_u (call $length (local.get $off))))

  ;; Raises the floor to where it began, over an empty table.
  (func $forget_all
    (memory.fill (global.get $floor) (i32.const 0)
      (i32.sub (global.get $end) (global.get $floor)))
    (global.set $floor (i32.sub (global.get $end) (i32.const 256)))
    (global.set $table (i32.const -256))
    (global.set $shift (i32.const 26))
    (global.set $live (i32.const 0))
    (global.set $last (i32.const 0))
    (global.set $spare (i32.const 0)))

  ;; Forgets every block, the input, the output and the error. The time it takes
  ;; depends on how many blocks there were, not on their sizes.
  (func $reset (export "reset")
    (if (global.get $words)
      (then
        (memory.fill (i32.const 0) (i32.const 0) (i32.const 864))
        (global.set $words (i32.const 0))))
    (call $forget_all)
    (global.set $top (i32.const 1024))
    (call $set_limit (i32.const 1024))
    (call $take_input (i32.const 0) (i32.const 0))
    (global.set $output (i32.const 0))
    (global.set $output_length (i32.const 0))
    (global.set $output_empty (i32.const 0))
    (global.set $error (i32.const 0)))

  ;; What Extism's kernel says: the memory's size without the first 64 bytes.
  (func (export "memory_bytes") (result i64)
    (i64.extend_i32_u (i32.sub (global.get $end) (i32.const 64))))

  ;; ---- Input, output, error --------------------------------------------------

  ;; Whether the range lies in memory, above the reserved bytes.
  (func $inside (param $off i64) (param $len i64) (result i32)
    (local $span i64)
    (local.set $off (i64.sub (local.get $off) (i64.const 1024)))
    (local.set $span (i64.extend_i32_u (i32.sub (global.get $end) (i32.const 1024))))
    (i32.and
      (i64.le_u (local.get $off) (local.get $span))
      (i64.le_u (local.get $len) (i64.sub (local.get $span) (local.get $off)))))

  (func $take_input (param $off i32) (param $len i32)
    (global.set $input (local.get $off))
    (global.set $input_length (i64.extend_i32_u (local.get $len)))
    (global.set $input_reach8
      (select
        (i64.sub (global.get $input_length) (i64.const 7))
        (i64.const 0)
        (i32.gt_u (local.get $len) (i32.const 7)))))

  ;; Any range inside memory can be input or output; others change nothing.
  (func (export "input_set") (param $off i64) (param $len i64)
    (if (call $inside (local.get $off) (local.get $len))
      (then
        (call $take_input (i32.wrap_i64 (local.get $off)) (i32.wrap_i64 (local.get $len))))))

  (func (export "input_offset") (result i64) (i64.extend_i32_u (global.get $input)))
  (func (export "input_length") (result i64) (global.get $input_length))

  ;; A guest whose output is empty has no block for it, and passes 0 and 0: that is
  ;; an output all the same, though only the host can tell (see host_output).
  (func (export "output_set") (param $off i64) (param $len i64)
    (if (i64.eqz (i64.or (local.get $off) (local.get $len)))
      (then (global.set $output_empty (i32.const 1))))
    (if (call $inside (local.get $off) (local.get $len))
      (then
        (global.set $output (i32.wrap_i64 (local.get $off)))
        (global.set $output_length (i32.wrap_i64 (local.get $len))))))

  (func (export "output_offset") (result i64) (i64.extend_i32_u (global.get $output)))
  (func (export "output_length") (result i64) (i64.extend_i32_u (global.get $output_length)))

  ;; 0 clears the error; any other offset inside memory is kept as it is. Its
  ;; length is that of the block there, so it is 0 unless the block is live.
  (func (export "error_set") (param $off i64)
    (if (i32.or
          (i64.eqz (local.get $off))
          (call $inside (local.get $off) (i64.const 1)))
      (then (global.set $error (i32.wrap_i64 (local.get $off))))))

  (func (export "error_get") (result i64) (i64.extend_i32_u (global.get $error)))

  ;; ---- For the host: i32 only, so that JavaScript needs no BigInt --------------

  ;; Begins a call: a reset, then a block of `len` bytes that is the input. The
  ;; host must write all of it, since it may hold what an earlier call left. Gives
  ;; its offset; 0, and an empty input, if `len` is 0 or there is no room.
  (func $host_begin (export "host_begin") (param $len i32) (result i32)
    (local $off i32)
    (call $reset)
    (if (local.tee $off (call $host_block (local.get $len) (local.get $len)))
      (then (call $take_input (local.get $off) (local.get $len))))
    (local.get $off))

  (func $host_block (param $n i32) (param $keep i32) (result i32)
    (if (i32.ge_u (i32.sub (local.get $n) (i32.const 1)) (i32.const 0xfe000000))
      (then (return (i32.const 0))))
    (call $block (local.get $n) (local.get $keep)))

  (func (export "host_alloc") (param $n i32) (result i32)
    (call $host_block (local.get $n) (i32.const 0)))
  (func (export "host_free") (param $off i32)
    (call $free (i64.extend_i32_u (local.get $off))))
  (func $host_length (export "host_length") (param $off i32) (result i32)
    (call $length (i64.extend_i32_u (local.get $off))))

  ;; The two halves of an ordinary call, for a driver to whom each crossing into
  ;; WebAssembly is dear. A result below 0 is a number of its own meaning; an offset
  ;; is the result otherwise, which needs more than 31 bits and hence a float.
  ;;
  ;; host_call has the core begin a call of a function, and then does what host_begin
  ;; does. -1: there is no room for the input. Below: the core wants other steps
  ;; first, or has refused; it is -1 less the step (internal/plugin/step.go).
  (func (export "host_call") (param $function i32) (param $len i32) (result f64)
    (local $step i32) (local $off i32)
    (call $enter)
    (local.set $step (call $go_plugin_begin (global.get $id) (local.get $function)))
    (call $leave)
    (if (local.get $step)
      (then (return (f64.sub (f64.const -1) (f64.convert_i32_u (local.get $step))))))
    (local.set $off (call $host_begin (local.get $len)))
    (if (result f64) (i32.and (i32.eqz (local.get $off)) (i32.ne (local.get $len) (i32.const 0)))
      (then (f64.const -1))
      (else (f64.convert_i32_u (local.get $off)))))

  ;; host_return tells the core that the function has returned, and gives the
  ;; offset of the output, or 0. -1: the guest has set an error, of which the core
  ;; has to be told, and has not been. -2: the core says that the call has failed.
  (func (export "host_return") (param $code i32) (result f64)
    (local $ok i32)
    (if (global.get $error) (then (return (f64.const -1))))
    (call $reenter)
    (local.set $ok (call $go_plugin_end (global.get $id) (i32.const 0) (local.get $code) (i32.const -1) (i32.const -1)))
    (call $leave)
    (if (result f64) (local.get $ok)
      (then (f64.convert_i32_u (call $host_output)))
      (else (f64.const -2))))

  ;; Where the output is: 0, if the guest has set none; if it has set an empty one,
  ;; an offset at which there is nothing to be read.
  (func $host_output (export "host_output") (result i32)
    (if (result i32) (i32.or (global.get $output) (i32.eqz (global.get $output_empty)))
      (then (global.get $output))
      (else (i32.const 1024))))
  (func (export "host_output_length") (result i32) (global.get $output_length))
  (func (export "host_error") (result i32) (global.get $error))
  (func (export "host_error_length") (result i32) (call $host_length (global.get $error)))

  ;; ---- The rest of extism:host/env, which Go answers ---------------------------
  ;;
  ;; The host owns what a guest passes: blocks are freed when Go has returned, and
  ;; only then, so that a result never has the offset of an argument. An offset
  ;; that is no live block stands for no bytes. A negative result is a stop, and
  ;; a stop is a trap, which a guest cannot catch.

  (func $stop_if (param $stop i32)
    (if (local.get $stop) (then (unreachable))))

  ;; The offset as Go takes it: 0 unless it is that of a live block.
  (func $arg (param $off i64) (result i32)
    (select (i32.wrap_i64 (local.get $off)) (i32.const 0) (call $find (local.get $off))))

  ;; The same as guests pass it. What is freed in the end must have been a block in
  ;; the beginning: the result may get the offset that a stale handle has.
  (func $owned (param $off i64) (result i64)
    (i64.extend_i32_u (call $arg (local.get $off))))

  ;; The offset of a result as guests take it.
  (func $result (param $r i64) (result i64)
    (call $stop_if (i64.lt_s (local.get $r) (i64.const 0)))
    (i64.and (local.get $r) (i64.const 0xffffffff)))

  (func (export "config_get") (param $key i64) (result i64)
    (local $r i64)
    (local.set $key (call $owned (local.get $key)))
    (call $enter)
    (local.set $r
      (call $go_config_get (global.get $id)
        (call $arg (local.get $key)) (call $length (local.get $key))))
    (call $leave)
    (call $free (local.get $key))
    (call $result (local.get $r)))

  (func (export "var_get") (param $key i64) (result i64)
    (local $r i64)
    (local.set $key (call $owned (local.get $key)))
    (call $enter)
    (local.set $r
      (call $go_var_get (global.get $id)
        (call $arg (local.get $key)) (call $length (local.get $key))))
    (call $leave)
    (call $free (local.get $key))
    (call $result (local.get $r)))

  ;; A value at offset 0 removes the variable. Another offset that is no live block
  ;; is an empty value, which Go must be able to tell from that: the heap's start
  ;; stands for it.
  (func (export "var_set") (param $key i64) (param $value i64)
    (local $at i32) (local $r i32)
    (local.set $at
      (select (call $arg (local.get $value)) (i32.const 1024)
        (call $find (local.get $value))))
    (if (i64.eqz (local.get $value)) (then (local.set $at (i32.const 0))))
    (call $enter)
    (local.set $r
      (call $go_var_set (global.get $id)
        (call $arg (local.get $key)) (call $length (local.get $key))
        (local.get $at) (call $length (local.get $value))))
    (call $leave)
    (call $free (local.get $key))
    (call $free (local.get $value))
    (call $stop_if (i32.lt_s (local.get $r) (i32.const 0))))

  ;; Go begins the request, and the driver makes it while the guest waits; a number
  ;; below 0 is a stop.
  (func (export "http_request") (param $request i64) (param $body i64) (result i64)
    (local $r i64) (local $off f64)
    (local.set $request (call $owned (local.get $request)))
    (local.set $body (call $owned (local.get $body)))
    (call $enter)
    (local.set $r
      (call $go_http_request (global.get $id)
        (i32.wrap_i64 (local.get $request)) (call $length (local.get $request))))
    (call $leave)
    (call $stop_if (i64.lt_s (local.get $r) (i64.const 0)))
    (call $stop_if
      (i32.eqz (call $host_http (global.get $id) (call $length (local.get $body)))))
    (local.set $off
      (call $host_http_wait (global.get $id)
        (i32.wrap_i64 (local.get $body)) (call $length (local.get $body))))
    (call $free (local.get $request))
    (call $free (local.get $body))
    (call $stop_if (f64.lt (local.get $off) (f64.const 0)))
    (i64.trunc_f64_u (local.get $off)))

  (func (export "http_status_code") (result i32)
    (local $r i32)
    (call $enter)
    (local.set $r (call $go_http_status_code (global.get $id)))
    (call $leave)
    (call $stop_if (i32.lt_s (local.get $r) (i32.const 0)))
    (local.get $r))

  (func (export "http_headers") (result i64)
    (local $r i64)
    (call $enter)
    (local.set $r (call $go_http_headers (global.get $id)))
    (call $leave)
    (call $result (local.get $r)))

  ;; Go only decides whether the line is wanted (1) or not (0); the driver emits it.
  (func $log (param $level i32) (param $line i64)
    (local $r i32)
    (local.set $line (call $owned (local.get $line)))
    (call $enter)
    (local.set $r
      (call $go_log (global.get $id) (local.get $level) (call $length (local.get $line))))
    (call $leave)
    (call $stop_if (i32.lt_s (local.get $r) (i32.const 0)))
    (if (local.get $r)
      (then
        (call $stop_if
          (call $host_log (global.get $id) (local.get $level)
            (call $arg (local.get $line)) (call $length (local.get $line))))))
    (call $free (local.get $line)))

  (func (export "log_trace") (param $line i64) (call $log (i32.const 0) (local.get $line)))
  (func (export "log_debug") (param $line i64) (call $log (i32.const 1) (local.get $line)))
  (func (export "log_info") (param $line i64) (call $log (i32.const 2) (local.get $line)))
  (func (export "log_warn") (param $line i64) (call $log (i32.const 3) (local.get $line)))
  (func (export "log_error") (param $line i64) (call $log (i32.const 4) (local.get $line)))

  (func (export "get_log_level") (result i32)
    (local $r i32)
    (call $enter)
    (local.set $r (call $go_get_log_level (global.get $id)))
    (call $leave)
    (call $stop_if (i32.lt_s (local.get $r) (i32.const 0)))
    (local.get $r)))
