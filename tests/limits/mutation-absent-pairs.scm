;; No mutation without --mutation.
;; limits: --menu base
;; expect: error
;; says: set-car!
(import (scheme base))
(set-car! (list 1) 2)
