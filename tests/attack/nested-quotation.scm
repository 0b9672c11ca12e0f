;; A hundred thousand levels of data, closed.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: nesting
;; source: 1 "(quote " 100000 "(" 100000 ")" 1 ")"
(import (scheme base))
