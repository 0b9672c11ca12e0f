;; Copies twenty megabytes again and again.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define v (make-vector 2000000 1))
(let loop () (vector-copy v) (loop))
