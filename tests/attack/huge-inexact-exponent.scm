;; An exponent that does not fit a word.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok
;; prints: (+inf.0 0.0)
(import (scheme base))
(list 1e1000000000000000000000 1e-1000000000000000000000)
