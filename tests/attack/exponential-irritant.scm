;; The irritant of an error has 2^40 leaves.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error|timeout|output|heap
(import (scheme base))
(define (f n x) (if (= n 0) x (f (- n 1) (cons x x))))
(define x (f 40 1))
(error "look" x)
