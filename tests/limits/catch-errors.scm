;; With --catch-errors a script handles errors of primitives.
;; limits: --menu base --catch-errors
;; expect: ok
;; prints: #t
(import (scheme base))
(guard (e (#t (error-object? e))) (car 1))
