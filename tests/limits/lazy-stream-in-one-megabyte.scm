;; The ten-millionth element of a stream in a heap of one megabyte.
;; limits: --menu base,lazy --heap 1M --timeout 60s
;; expect: ok
;; smaller: 10000000 300000
;; prints: 10000000
(import (scheme base))
(import (scheme lazy))
(define (integers n) (delay-force (delay (cons n (integers (+ n 1))))))
(define (stream-ref s n) (if (= n 0) (car (force s)) (stream-ref (cdr (force s)) (- n 1))))
(stream-ref (integers 0) 10000000)
