;; Nine thousand conditionals in each other.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: nesting|ok|heap|timeout
;; source: 9000 "(if #t " 1 "1" 9000 " 2)"
(import (scheme base))
