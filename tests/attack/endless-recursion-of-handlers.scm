;; A handler that raises in a handler without end.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout
(import (scheme base))
(define (deep) (with-exception-handler (lambda (e) (deep)) (lambda () (raise-continuable 1))) 1)
(deep)
