;; A cyclic list for `lset-union` of SRFI 1.
;; limits: --menu base,(srfi 1) --heap 20M --timeout 1s
;; expect: ok|error|heap|timeout
(import (scheme base) (srfi 1))
(define l '#0=(1 2 3 . #0#))
(lset-union eq? l l)
