;; A converter that binds its own parameter.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout
(import (scheme base))
(define (convert x) (if (procedure? x) (parameterize ((p convert)) x) x))
(define p (make-parameter 0 convert))
(parameterize ((p convert)) 1)
