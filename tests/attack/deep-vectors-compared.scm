;; Vectors within vectors, two hundred thousand deep, compared.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap
(import (scheme base))
(define (deep n v) (if (= n 0) v (deep (- n 1) (vector v))))
(equal? (deep 200000 1) (deep 200000 1))
