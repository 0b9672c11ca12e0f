;; The largest double, made exact and squared until it is too large.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits
(import (scheme base))
(let loop ((x (exact 1.7e308))) (loop (* x x)))
