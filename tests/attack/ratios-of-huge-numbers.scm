;; A harmonic sum.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|integer-bits
(import (scheme base))
(define (f i r) (if (= i 0) 1 (f (- i 1) (+ r (/ 1 i)))))
(f 1000000 0)
