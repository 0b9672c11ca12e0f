;; Endless recursion ends in the heap.
;; limits: --menu base --heap 16M
;; expect: heap
(import (scheme base))
(define (deep n) (+ 1 (deep (+ n 1))))
(deep 0)
