;; Doubles a list for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (f l) (f (append l l)))
(f (list 1 2))
