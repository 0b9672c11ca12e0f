;; A macro whose expansion nests for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout|nesting
(import (scheme base))
(define-syntax f (syntax-rules () ((_ x) (list (f x)))))
(f 1)
