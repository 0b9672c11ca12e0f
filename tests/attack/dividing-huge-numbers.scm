;; Long divisions of huge numbers.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base))
(define a (expt 3 2500000))
(define b (expt 7 700000))
(define (f i) (if (= i 0) 1 (begin (quotient a b) (f (- i 1)))))
(f 1000000)
