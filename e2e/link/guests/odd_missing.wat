;; It does not export what even.wat asks for.
(module
  (func (export "oddly"))
  (memory (export "odd memory") 1))
