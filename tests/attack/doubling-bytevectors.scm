;; Doubles a bytevector for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (f v) (f (bytevector-append v v)))
(f (bytevector 1 2))
