;; A cyclic call of a macro.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error|heap|timeout|nesting|ok
(import (scheme base))
(define-syntax m (syntax-rules () ((_ a ...) 1)))
(m . #0=(1 . #0#))
