;; A million deep, not in tail position.
;; limits: --menu base --heap 64M
;; expect: ok
;; smaller: 1000000 30000
;; prints: 1000000
(import (scheme base))
(define (deep n) (if (= n 0) 0 (+ 1 (deep (- n 1)))))
(deep 1000000)
