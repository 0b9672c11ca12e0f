;; Parameters bound without end.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define p (make-parameter 1))
(define (deep) (+ 1 (parameterize ((p 2)) (deep))))
(deep)
