;; The clock ends an endless loop.
;; limits: --menu base --timeout 200ms
;; expect: timeout
(import (scheme base))
(define (wait) (wait))
(wait)
