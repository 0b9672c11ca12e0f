;; A result that is a cycle.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok
;; prints: #0=(1 2 . #0#)
(import (scheme base))
(define c (quote #0=(1 2 . #0#)))
c
