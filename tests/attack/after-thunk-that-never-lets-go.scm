;; After thunks that enter winds again.
;; limits: --menu base --heap 50M --timeout 2s --fuel 50M
;; expect: timeout|fuel|heap
(import (scheme base))
(define (f) (call/cc (lambda (k) (dynamic-wind (lambda () 1) (lambda () (k 1)) f))) (f))
(f)
