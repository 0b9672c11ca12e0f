;; A hundred thousand comparisons of sixty nodes.
;; limits: --menu base --heap 50M --timeout 2s --fuel 3M
;; expect: fuel
(import (scheme base))
(define a (make-list 60 1))
(define b (make-list 60 1))
(let loop ((i 0)) (if (< i 100000) (begin (equal? a b) (loop (+ i 1))) i))
