;; Ten million datum comments.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: nesting|heap|error
;; source: 10000000 "#;"
(import (scheme base))
