;; An after thunk that raises.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error|timeout|heap
(import (scheme base))
(define (f) (dynamic-wind (lambda () 1) (lambda () (raise 1)) (lambda () (raise 2))))
(f)
