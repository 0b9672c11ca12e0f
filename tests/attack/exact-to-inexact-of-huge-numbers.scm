;; Rounds ratios of millions of bits to doubles, again and again.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define a (expt 3 2400000))
(define b (expt 7 1400000))
(let loop () (inexact (/ a 2)) (inexact a) (loop))
