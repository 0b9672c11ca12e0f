;; A body of a hundred thousand variables, all captured.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout|error
;; source: 1 "(define (f) " 100000 "(define v%d %d)" 1 "(lambda () v99999)) ((f))"
(import (scheme base))
