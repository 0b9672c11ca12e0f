;; Two continuations that enter each other for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define (f k) (f (call/cc (lambda (c) (k c)))))
(f (call/cc (lambda (c) c)))
