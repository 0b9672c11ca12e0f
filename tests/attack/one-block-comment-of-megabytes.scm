;; One block comment of four megabytes.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "#|" 1048576 "wörd" 1 "|# 1"
(import (scheme base))
