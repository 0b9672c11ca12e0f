;; list-tail of a cycle.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout|error|ok
(import (scheme base))
(define c (quote #0=(1 2 . #0#)))
(list-tail c 1000000000000)
1
