;; Displays a cycle.
;; limits: --menu base,write --heap 50M --timeout 2s --output 1M
;; expect: ok
;; prints: #0=(1 2 . #0#)
(import (scheme base))
(import (scheme write))
(define c (quote #0=(1 2 . #0#)))
(display c)
(newline)
