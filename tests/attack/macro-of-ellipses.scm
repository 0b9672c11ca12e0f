;; A product of ellipses.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout|fuel|error|ok
(import (scheme base))
(define-syntax f (syntax-rules () ((_ (a ...) (b ...)) (quote ((a b ... ) ...)))))
(define-syntax twice (syntax-rules () ((_ n (a ...)) (twice2 n (a ... a ... a ... a ...)))))
(define-syntax twice2 (syntax-rules () ((_ () l) (g l l)) ((_ (x . n) l) (twice n l))))
(define-syntax g (syntax-rules () ((_ (a ...) l) (quote ((a . l) ...)))))
(length (twice (1 1 1 1 1 1) (x)))
