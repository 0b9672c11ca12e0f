;; With --mutation.
;; limits: --menu base --mutation
;; expect: ok
;; prints: 2
(import (scheme base))
(define v (vector 1))
(vector-set! v 0 2)
(define x 1)
(set! x (vector-ref v 0))
x
