;; A number of ten billion digits.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits
(import (scheme base))
(expt 10 (expt 10 10))
