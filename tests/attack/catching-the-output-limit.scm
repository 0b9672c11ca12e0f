;; Handlers and after thunks around a flood.
;; limits: --menu base --timeout 5s --output 1K
;; expect: output
(import (scheme base))
(define (loop) (write-string "x") (loop))
(dynamic-wind (lambda () 1) (lambda () (guard (e (#t 1)) (loop))) loop)
(loop)
