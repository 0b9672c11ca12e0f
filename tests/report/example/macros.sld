;; Macros whose expansions need what is not exported.
(define-library (example macros)
  (export hidden-answer through rows)
  (import (scheme base))
  (begin
    (define answer 42)
    (define-syntax hidden-answer (syntax-rules () ((_) answer)))
    (define-syntax inner (syntax-rules () ((_ a b ...) (pack a (list b ...)))))
    (define (pack a b) (list a b))
    (define-syntax through (syntax-rules () ((_ a ...) (inner a ...))))
    (define-syntax rows (syntax-rules () ((_ (a ...) (b ...)) (list (list a b ...) ...))))))
