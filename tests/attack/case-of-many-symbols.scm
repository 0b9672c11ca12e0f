;; A case of twenty thousand symbols, each a clause.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout|error
;; source: 1 "(define (f x) (case x " 20000 "((s%d) %d)" 1 ")) (f (quote s7))"
(import (scheme base))
