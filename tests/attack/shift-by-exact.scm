;; An exponent that stands for gigabytes.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits
(import (scheme base))
(exact 1e308)
(string->number "#e1e1000000000")
