(define-library (example counter)
  (import (scheme base))
  (export next!)
  (begin (define n 0) (define (next!) (set! n (+ n 1)) n)))
