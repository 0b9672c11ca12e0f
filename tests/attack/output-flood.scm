;; Talks for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: output
(import (scheme base))
(define (f) (write-string "flood") (f))
(f)
