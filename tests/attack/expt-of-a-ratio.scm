;; A ratio of ten billion digits.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits
(import (scheme base))
(expt 1/3 (expt 10 10))
