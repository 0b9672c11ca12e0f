;; A complex number of ten billion digits.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits|timeout|fuel
(import (scheme base))
(expt 1+2i (expt 10 10))
