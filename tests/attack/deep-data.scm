;; equal? of data a million levels deep.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|nesting|heap
;; smaller: 1000000 30000
(import (scheme base))
(define (f n x) (if (= n 0) x (f (- n 1) (list x))))
(define a (f 1000000 1))
(define b (f 1000000 1))
(equal? a b)
