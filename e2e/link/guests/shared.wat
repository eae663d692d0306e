;; What it exports is shared by other modules.
(module
  (memory (export "memory") 1 4)
  (table (export "table") 2 8 funcref)
  (global (export "count") (mut i64) (i64.const 5))
  (global (export "step") i64 (i64.const 3)))
