;; Makes an HTTP request in its start function, where no engine can suspend it, and
;; catches all that it can.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u64" (func $store_u64 (param i64 i64)))
  (import "extism:host/env" "config_get" (func $config_get (param i64) (result i64)))
  (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
  ;; "request!" of the config is requested.
  (func $start
    (local $key i64)
    (call $store_u64 (local.tee $key (call $alloc (i64.const 8))) (i64.const 0x2174736575716572))
    (try
      (do (drop (call $http_request (call $config_get (local.get $key)) (i64.const 0))))
      (catch_all)))
  (func (export "nothing"))
  (start $start))
