;; Re-enters a deep continuation for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout|heap
(import (scheme base))
(define (deep n) (if (= n 0) (call/cc (lambda (k) k)) (let ((x (deep (- n 1)))) x)))
(define k (deep 10000))
(if (procedure? k) (k k) 1)
