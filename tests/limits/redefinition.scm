;; No redefinition in pure mode.
;; limits: --menu base
;; expect: error
;; says: x
(import (scheme base))
(define x 1)
(define x 2)
