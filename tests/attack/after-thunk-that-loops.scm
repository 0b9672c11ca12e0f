;; An after thunk that loops.
;; limits: --menu base --timeout 500ms
;; expect: timeout
(import (scheme base))
(define (loop) (loop))
(guard (e (#t 1)) (dynamic-wind (lambda () 1) (lambda () (raise 1)) loop))
