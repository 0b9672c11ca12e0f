;; Nothing for an unspecified value.
;; limits: --menu base
;; expect: ok
;; prints: 
(import (scheme base))
(if #f #f)
