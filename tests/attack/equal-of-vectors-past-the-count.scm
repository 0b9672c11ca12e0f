;; Vectors of one element where a count to 64 would be looked at.
;; limits: --menu base --heap 50M --timeout 2s --fuel 1M
;; expect: fuel
(import (scheme base))
(define (build n) (let loop ((i 0) (l '())) (if (= i n) l (loop (+ i 1) (cons (if (= 0 (modulo i 31)) (vector i) i) l)))))
(define a (build 30000))
(define b (build 30000))
(let loop ((i 0)) (if (< i 100) (begin (equal? a b) (loop (+ i 1))) i))
