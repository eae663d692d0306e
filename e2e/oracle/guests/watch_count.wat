;; As watch.wat, for the plug-ins that count vowels.
(module
  (import "guest" "count_vowels" (func $count_vowels (result i32)))
  (import "extism:host/user" "inspect" (func $inspect))
  (func (export "count_vowels") (result i32) (call $count_vowels))
  (func (export "vars") (call $inspect)))
