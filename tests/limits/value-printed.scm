;; The last value is written.
;; limits: --menu base
;; expect: ok
;; prints: (1 "two" #\3)
(import (scheme base))
(list 1 "two" #\3)
