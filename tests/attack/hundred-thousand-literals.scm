;; A hundred thousand strings in one procedure.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout|error
;; source: 1 "(define (f) (list " 100000 "\"text %d\" " 1 ")) (length (f))"
(import (scheme base))
