;; A hundred thousand definitions.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout|error
;; source: 100000 "(define v%d %d)\n" 1 "v99999"
(import (scheme base))
