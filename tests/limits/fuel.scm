;; Fuel ends an endless loop.
;; limits: --menu base --fuel 1M --timeout 60s --heap 16M
;; expect: fuel
(import (scheme base))
(define (count n) (count (+ n 1)))
(count 0)
