;; The result to be printed has 2^40 leaves.
;; limits: --menu base,write --heap 50M --timeout 2s --output 1M
;; expect: output|timeout|heap
(import (scheme base))
(define (f n x) (if (= n 0) x (f (- n 1) (cons x x))))
(define x (f 40 1))
x
