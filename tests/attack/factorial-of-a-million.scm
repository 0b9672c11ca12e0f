;; Grows a number step by step.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits|timeout
(import (scheme base))
(define (f n a) (if (= n 0) a (f (- n 1) (* n a))))
(f 1000000 1)
