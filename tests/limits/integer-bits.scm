;; The size of an integer.
;; limits: --menu base
;; expect: integer-bits
(import (scheme base))
(expt 10 (expt 10 10))
