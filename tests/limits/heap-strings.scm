;; Doubling strings.
;; limits: --menu base --heap 16M
;; expect: heap
(import (scheme base))
(define (f s) (f (string-append s s)))
(f "x")
