;; Squares for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits
(import (scheme base))
(define (f n) (f (* n n)))
(f 3)
