;; A small heap.
;; limits: --menu base --heap 1M
;; expect: heap
(import (scheme base))
(define (grow l) (grow (cons 1 l)))
(grow (list))
