;; equal? of two shared structures of 2^40 leaves.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base))
(define (f n x) (if (= n 0) x (f (- n 1) (cons x x))))
(define x (f 40 1))
(define y (f 40 1))
(equal? x y)
