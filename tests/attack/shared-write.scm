;; Written with labels the same structure is small.
;; limits: --menu base,write --heap 50M --timeout 2s --output 1M
;; expect: ok
;; prints: (#0=(#1=(1 . 1) . #1#) . #0#)
(import (scheme base))
(import (scheme write))
(define (f n x) (if (= n 0) x (f (- n 1) (cons x x))))
(define x (f 3 1))
(write-shared x)
(newline)
