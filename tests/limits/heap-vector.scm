;; A vector of a billion.
;; limits: --menu base --heap 16M
;; expect: heap
(import (scheme base))
(make-vector 1000000000 0)
