;; for-each of a cycle.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout|error
(import (scheme base))
(define c (quote #0=(1 2 . #0#)))
(for-each + c)
1
