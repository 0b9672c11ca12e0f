;; Garbage in a heap that is nearly full: no thrashing.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout
(import (scheme base))
(define keep (make-vector 6000000 0))
(define (f l n) (if (= n 0) (f (list 1) 1000) (f (cons n l) (- n 1))))
(f (list 1) 1000)
