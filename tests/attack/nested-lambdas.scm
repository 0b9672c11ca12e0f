;; A hundred thousand lambdas in each other.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: nesting|heap|timeout
;; source: 100000 "(lambda (x%d) " 100000 ")"
(import (scheme base))
