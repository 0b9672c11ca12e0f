;; The default is ten thousand levels.
;; limits: --menu base
;; expect: nesting
;; source: 1 "(quote " 10100 "(" 10100 ")" 1 ")"
(import (scheme base))
