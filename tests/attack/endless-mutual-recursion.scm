;; Two procedures call each other for ever.
;; limits: --menu base --heap 50M --timeout 30s --fuel 5M
;; expect: fuel
(import (scheme base))
(define (a n) (b (+ n 1)))
(define (b n) (a (+ n 1)))
(a 0)
