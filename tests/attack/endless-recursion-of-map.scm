;; Recursion through map that never returns.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (deep x) (map deep (list x)))
(deep 1)
