;; A chain of closures that never ends.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (f k) (f (lambda () k)))
(f 1)
