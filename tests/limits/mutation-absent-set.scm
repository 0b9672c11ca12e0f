;; No assignment without --mutation.
;; limits: --menu base
;; expect: error
;; says: set!
(import (scheme base))
(define x 1)
(set! x 2)
