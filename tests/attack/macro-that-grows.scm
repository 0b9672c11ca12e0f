;; A macro whose call doubles.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout|nesting
(import (scheme base))
(define-syntax f (syntax-rules () ((_ x ...) (f x ... x ... 1))))
(f)
