;; Handlers and after thunks around a huge number.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits
;; prints: 
(import (scheme base))
(define (say x) (write-string "caught") x)
(dynamic-wind (lambda () 1) (lambda () (guard (e (#t (say 1))) (expt 10 (expt 10 10)))) (lambda () (say 1)))
(say 1)
