;; A small limit of integers.
;; limits: --menu base --integer-bits 128
;; expect: integer-bits
(import (scheme base))
(expt 2 200)
