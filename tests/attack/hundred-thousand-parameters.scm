;; A procedure of a hundred thousand parameters.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout|error
;; source: 1 "(define (f " 100000 "p%d " 1 ") p0) 1"
(import (scheme base))
