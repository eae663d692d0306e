;; A side module: a command, which counts how often it has been asked.
(module
  (global $count (mut i32) (i32.const 0))
  (func (export "_start") (global.set $count (i32.const 10)))
  (func (export "count") (result i32)
    (global.set $count (i32.add (global.get $count) (i32.const 1)))
    (global.get $count))
  (func (export "trap") unreachable))
