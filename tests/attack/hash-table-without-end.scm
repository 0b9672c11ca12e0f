;; A hash table that grows for ever.
;; limits: --mutation --menu base,(srfi 125) --heap 50M --timeout 10s
;; expect: heap
(import (scheme base) (srfi 125))
(define t (make-hash-table eq?))
(define (f n) (hash-table-set! t (list n) n) (f (+ n 1)))
(f 0)
