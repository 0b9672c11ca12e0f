;; Four megabytes of bytes to text and back, again and again.
;; limits: --menu base --heap 50M --timeout 1s
;; expect: timeout
(import (scheme base))
(define b (make-bytevector 4000000 65))
(define (f) (string->utf8 (utf8->string b)) (f))
(f)
