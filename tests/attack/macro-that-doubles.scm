;; A macro that expands into two calls of itself.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout|nesting
(import (scheme base))
(define-syntax f (syntax-rules () ((_ x) (begin (f (x)) (f (x))))))
(f 1)
