;; Doubles a string for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (f s) (f (string-append s s)))
(f "ab")
