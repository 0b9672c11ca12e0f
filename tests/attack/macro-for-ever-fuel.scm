;; A macro that expands to itself, by fuel.
;; limits: --menu base --heap 50M --timeout 30s --fuel 5M
;; expect: fuel|heap|nesting|error
(import (scheme base))
(define-syntax f (syntax-rules () ((_) (f))))
(f)
