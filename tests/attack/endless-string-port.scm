;; A string port that never ends.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define p (open-output-string))
(define (f) (write-string "0123456789012345678901234567890123456789" p) (f))
(f)
