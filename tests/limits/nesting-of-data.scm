;; Data deeper than allowed.
;; limits: --menu base --nesting 100
;; expect: nesting
;; source: 1 "(quote " 200 "(" 200 ")" 1 ")"
(import (scheme base))
