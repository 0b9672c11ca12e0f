;; Nine thousand levels are allowed.
;; limits: --menu base
;; expect: ok
;; source: 1 "(pair? (quote " 9000 "(" 9000 ")" 1 "))"
;; prints: #t
(import (scheme base))
