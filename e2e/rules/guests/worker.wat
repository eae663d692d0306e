;; A guest for plug-ins in workers: it does not end, or asks its host for all it has.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store (param i64 i64)))
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "var_get" (func $var_get (param i64) (result i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "log_info" (func $log (param i64)))
  (import "extism:host/env" "http_request" (func $http (param i64 i64) (result i64)))
  (import "extism:host/env" "http_status_code" (func $status (result i32)))
  (import "extism:host/user" "host" (func $host (param i64) (result i64)))
  (import "extism:host/user" "pair" (func $pair (param i64 i64) (result i64 i64)))

  (func $answer (param $at i64)
    (if (i64.ne (local.get $at) (i64.const 0))
      (then (call $output (local.get $at) (call $length (local.get $at))))))

  ;; The block "the var!", the name of the one var.
  (func $name (result i64)
    (local $at i64)
    (call $store (local.tee $at (call $alloc (i64.const 8))) (i64.const 0x2172617620656874))
    (local.get $at))

  ;; The input is the var's value.
  (func $keep (export "keep") (call $var_set (call $name) (call $input)))
  (func (export "kept") (call $answer (call $var_get (call $name))))

  (func $spin (export "spin") (loop $forever (br $forever)))
  (func (export "keep_and_spin") (call $keep) (call $spin))
  (func (export "keep_and_trap") (call $keep) unreachable)
  ;; The host is called between, so it sees the var.
  (func (export "keep_host_and_spin") (call $keep) (drop (call $host (i64.const 0))) (call $spin))

  (func (export "echo") (call $answer (call $input)))
  (func (export "host") (call $answer (call $host (call $input))))
  (func (export "log") (call $log (call $input)))
  ;; The output is the second of the two blocks that the host gives, once the first has been given back to it.
  (func (export "pair")
    (local $second i64)
    (call $pair (call $input) (i64.const 0))
    (local.set $second)
    (drop (call $host))
    (call $answer (local.get $second)))

  ;; The input is a request; the output is the body of the response.
  (func (export "http") (result i32)
    (call $answer (call $http (call $input) (i64.const 0)))
    (i32.eq (call $status) (i32.const 0))))
