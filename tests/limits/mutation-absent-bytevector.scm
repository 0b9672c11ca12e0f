;; No mutation without --mutation.
;; limits: --menu base
;; expect: error
;; says: bytevector-u8-set!
(import (scheme base))
(bytevector-u8-set! (bytevector 1) 0 2)
