;; A predicate that leaves each comparison by a continuation and comes back.
;; limits: --menu base,(srfi 132) --heap 50M --timeout 2s
;; expect: ok|error|timeout|heap
(import (scheme base) (srfi 132))
(length (list-sort (lambda (a b) (call/cc (lambda (k) (if (< a b) (k #t) #f)))) (vector->list (make-vector 20000 1))))
