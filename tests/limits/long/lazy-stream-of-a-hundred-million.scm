;; The hundred-millionth element of a stream in a heap of one megabyte.
;; limits: --menu base,lazy --heap 1M --timeout 10m
;; expect: ok
;; prints: 100000000
(import (scheme base))
(import (scheme lazy))
(define (integers n) (delay-force (delay (cons n (integers (+ n 1))))))
(define (stream-ref s n) (if (= n 0) (car (force s)) (stream-ref (cdr (force s)) (- n 1))))
(stream-ref (integers 0) 100000000)
