;; Endless output.
;; limits: --menu base --output 64K
;; expect: output
(import (scheme base))
(define (talk) (write-string "and another thing, ") (talk))
(talk)
