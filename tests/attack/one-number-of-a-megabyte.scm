;; One decimal number with a million digits in the source.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "1." 1000000 "7"
(import (scheme base))
