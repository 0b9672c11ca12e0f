;; Doubling lists.
;; limits: --menu base --heap 16M
;; expect: heap
(import (scheme base))
(define (f l) (f (append l l)))
(f (list 1))
