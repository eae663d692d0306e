;; A gate as it must not be: without the probe. It shows that the attacks on the
;; stack would be noticed.
(module
  (global $dead (mut i32) (i32.const 0))
  (global $depth (mut i32) (i32.const 0))
  (func $enter (export "enter")
    (if (i32.or (global.get $dead) (global.get $depth)) (then (unreachable)))
    (global.set $depth (i32.const 1)))
  (export "reenter" (func $enter))
  (func (export "leave")
    (global.set $depth (i32.const 0))
    (if (global.get $dead) (then (unreachable))))
  (func (export "probe"))
  (func (export "kill") (global.set $dead (i32.const 1)))
  (func (export "dead") (result i32) (global.get $dead))
  (func (export "depth") (result i32) (global.get $depth))
  (func (export "trap") (unreachable)))
