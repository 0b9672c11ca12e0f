;; Handlers and after thunks around the end of fuel.
;; limits: --menu base --heap 50M --timeout 30s --fuel 5M
;; expect: fuel
;; prints: 
(import (scheme base))
(define (say x) (write-string "caught") x)
(define (loop) (loop))
(dynamic-wind (lambda () 1) (lambda () (guard (e (#t (say 1))) (loop))) (lambda () (say 1)))
(say 1)
