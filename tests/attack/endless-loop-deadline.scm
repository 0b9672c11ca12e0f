;; Loops for ever, by the clock.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define (loop) (loop))
(loop)
