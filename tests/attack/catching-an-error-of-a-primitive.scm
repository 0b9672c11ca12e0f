;; Errors of primitives go to the host: no handler, no after thunk.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error
;; prints: 
(import (scheme base))
(define (say x) (write-string "caught") x)
(dynamic-wind (lambda () 1) (lambda () (guard (e (#t (say 1))) (car 1))) (lambda () (say 1)))
(say 1)
