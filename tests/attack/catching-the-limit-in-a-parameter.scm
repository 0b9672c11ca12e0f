;; A converter, a guard, a handler and an after thunk, all waiting for the heap limit.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define p (make-parameter 1 (lambda (x) x)))
(define (fill l) (fill (cons l (make-vector 1000 l))))
(guard (e (#t 'caught))
  (with-exception-handler (lambda (e) 'caught)
    (lambda () (dynamic-wind (lambda () 1) (lambda () (parameterize ((p 2)) (fill '()))) (lambda () (fill '()))))))
'caught
