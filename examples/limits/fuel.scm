;; Fuel counts work, the same on every machine. Run with --fuel 1M
(import (scheme base))
(define (count n) (count (+ n 1)))
(count 0)
