;; An irritant that is a cycle.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error
(import (scheme base))
(define c (quote #0=(1 2 . #0#)))
(error "cycle" c)
