;; Garbage for ever: the collector must keep up, and stop.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define (f n) (make-vector 1000 n) (f (+ n 1)))
(f 0)
