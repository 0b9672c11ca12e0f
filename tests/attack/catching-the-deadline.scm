;; Handlers and after thunks around an endless loop.
;; limits: --menu base --timeout 300ms
;; expect: timeout
;; prints: 
(import (scheme base))
(define (say x) (write-string "caught") x)
(define (loop) (loop))
(dynamic-wind (lambda () 1) (lambda () (guard (e (#t (say 1))) (loop))) (lambda () (say 1)))
(say 1)
