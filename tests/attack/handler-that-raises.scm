;; A handler that raises in its own extent, for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|error|timeout
(import (scheme base))
(define (handle e) (with-exception-handler handle (lambda () (raise-continuable e))))
(with-exception-handler handle (lambda () (raise-continuable 1)))
