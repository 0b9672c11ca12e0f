;; Within the limit of output.
;; limits: --menu base --output 64
;; expect: ok
;; prints: 0123456789
(import (scheme base))
(write-string "0123456789")
(newline)
