;; Doubles a vector for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (f v) (f (vector-append v v)))
(f (vector 1 2))
