;; equal? of two cycles.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok
;; prints: #t
(import (scheme base))
(equal? (quote #0=(1 2 . #0#)) (quote #1=(1 2 1 2 . #1#)))
