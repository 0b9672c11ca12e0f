;; A list that never ends.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (f l) (f (cons l l)))
(f 1)
