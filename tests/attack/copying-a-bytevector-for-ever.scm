;; Copies twenty megabytes again and again.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define v (make-bytevector 20000000 1))
(let loop () (bytevector-copy v) (loop))
