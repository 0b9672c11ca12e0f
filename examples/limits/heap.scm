;; A list that never ends meets the heap. Run with --heap 16M
(import (scheme base))
(define (grow list) (grow (cons 1 list)))
(grow '())
