;; Asks for more than there are addresses.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|error
(import (scheme base))
(make-vector (expt 10 30) 0)
