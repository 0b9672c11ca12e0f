;; Two thousand scopes in each other.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|nesting|heap|timeout
;; source: 2000 "(let ((x%d %d)) " 1 "x0" 2000 ")"
(import (scheme base))
