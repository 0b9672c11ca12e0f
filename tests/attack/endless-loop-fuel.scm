;; Loops for ever, by fuel.
;; limits: --menu base --heap 50M --timeout 30s --fuel 5M
;; expect: fuel
(import (scheme base))
(define (loop) (loop))
(loop)
