;; Makes the HTTP request that its input describes: JSON, and behind a zero byte the
;; body.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "load_u8" (func $load (param i64) (result i32)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
  (import "extism:host/env" "http_status_code" (func $http_status_code (result i32)))
  (import "extism:host/env" "http_headers" (func $http_headers (result i64)))
  ;; The status of what was requested when this instance was made.
  (global $boot (mut i64) (i64.const 0))

  (func $block (param $bytes i64) (result i64)
    (local $at i64)
    (call $store_u64 (local.tee $at (call $alloc (i64.const 8))) (local.get $bytes))
    (local.get $at))
  (func $answer (param $off i64)
    (if (i64.ne (local.get $off) (i64.const 0))
      (then (call $output (local.get $off) (call $length (local.get $off))))))
  (func $copy (param $to i64) (param $from i64) (param $n i64)
    (local $i i64)
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $i) (local.get $n)))
        (call $store (i64.add (local.get $to) (local.get $i)) (call $load (i64.add (local.get $from) (local.get $i))))
        (local.set $i (i64.add (local.get $i) (i64.const 1)))
        (br $next))))
  ;; A new block with a part of the input; 0 for nothing.
  (func $part (param $from i64) (param $n i64) (result i64)
    (local $at i64)
    (call $copy
      (local.tee $at (call $alloc (local.get $n)))
      (i64.add (call $input) (local.get $from)) (local.get $n))
    (local.get $at))

  (func $request (result i64)
    (local $n i64) (local $end i64)
    (local.set $end (call $input_length))
    (block $found
      (loop $next
        (br_if $found (i64.ge_u (local.get $n) (local.get $end)))
        (br_if $found (i32.eqz (call $load (i64.add (call $input) (local.get $n)))))
        (local.set $n (i64.add (local.get $n) (i64.const 1)))
        (br $next)))
    (call $http_request
      (call $part (i64.const 0) (local.get $n))
      (if (result i64) (i64.lt_u (local.get $n) (local.get $end))
        (then
          (call $part
            (i64.add (local.get $n) (i64.const 1))
            (i64.sub (i64.sub (local.get $end) (local.get $n)) (i64.const 1))))
        (else (i64.const 0)))))

  ;; "request!" of the config is requested.
  (func (export "_initialize")
    (local $request i64)
    (local.set $request (call $config_get (call $block (i64.const 0x2174736575716572))))
    (if (i64.ne (local.get $request) (i64.const 0))
      (then
        (drop (call $http_request (local.get $request) (i64.const 0)))
        (global.set $boot (i64.extend_i32_u (call $http_status_code))))))
  (func (export "boot") (call $answer (call $block (global.get $boot))))

  ;; Gives the status and the length of the headers, 8 bytes each, the headers and the
  ;; body.
  (func (export "send")
    (local $body i64) (local $headers i64) (local $status i64) (local $at i64) (local $n i64)
    (local.set $body (call $request))
    (local.set $status (i64.extend_i32_u (call $http_status_code)))
    (local.set $headers (call $http_headers))
    (local.set $n (call $length (local.get $headers)))
    (local.set $at
      (call $alloc (i64.add (i64.const 16) (i64.add (local.get $n) (call $length (local.get $body))))))
    (call $store_u64 (local.get $at) (local.get $status))
    (call $store_u64 (i64.add (local.get $at) (i64.const 8)) (local.get $n))
    (call $copy (i64.add (local.get $at) (i64.const 16)) (local.get $headers) (local.get $n))
    (call $copy
      (i64.add (i64.add (local.get $at) (i64.const 16)) (local.get $n))
      (local.get $body) (call $length (local.get $body)))
    (call $answer (local.get $at)))

  ;; The response's own block is the output.
  (func (export "body") (call $answer (call $request)))

  (func (export "status") (call $answer (call $block (i64.extend_i32_u (call $http_status_code)))))
  (func (export "headers") (call $answer (call $http_headers)))
  (func (export "echo") (call $answer (call $input))))
