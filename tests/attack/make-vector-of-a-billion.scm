;; Asks for a billion at once.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define big (make-vector 1000000000 0))
1
