;; A macro that expands to itself.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout|heap|nesting|error
(import (scheme base))
(define-syntax f (syntax-rules () ((_) (f))))
(f)
