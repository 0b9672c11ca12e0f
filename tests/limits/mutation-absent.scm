;; No mutation without --mutation.
;; limits: --menu base
;; expect: error
;; says: vector-set!
(import (scheme base))
(vector-set! (vector 1) 0 2)
