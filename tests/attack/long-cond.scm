;; A hundred thousand clauses; each may be a level.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|heap|nesting|error
;; source: 1 "(define x 5) (cond " 100000 "((eqv? x \"%d\") 1)" 1 "(else 2))"
(import (scheme base))
