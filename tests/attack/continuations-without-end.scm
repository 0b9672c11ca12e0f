;; Continuations that are all kept.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (f l) (+ 1 (call/cc (lambda (k) (f (cons k l))))))
(f (list))
