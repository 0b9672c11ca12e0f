;; Winds without end.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (deep) (dynamic-wind (lambda () 1) deep (lambda () 1)) 1)
(deep)
