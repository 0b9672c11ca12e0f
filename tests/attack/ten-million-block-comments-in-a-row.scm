;; Ten million comments one after the other.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|heap
;; source: 10000000 "#||#" 1 "1"
(import (scheme base))
