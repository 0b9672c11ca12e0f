;; Recursion that never returns.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (deep n) (+ 1 (deep (+ n 1))))
(deep 0)
