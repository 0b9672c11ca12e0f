;; A call of a hundred thousand arguments.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout|error
;; source: 1 "(+ " 100000 "%d " 1 ")"
(import (scheme base))
