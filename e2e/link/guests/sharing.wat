;; It puts a function into the table that it shares with others, for one of them to
;; call: that adds the step to the count, and notes it in the memory.
(module
  (import "shared" "memory" (memory 1 4))
  (import "shared" "table" (table 1 8 funcref))
  (import "shared" "count" (global $count (mut i64)))
  (import "shared" "step" (global $step i64))
  (elem (i32.const 0) $add)
  (func $add
    (global.set $count (i64.add (global.get $count) (global.get $step)))
    (i64.store (i32.const 8) (global.get $count)))
  (func (export "ready")))
