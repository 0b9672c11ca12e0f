;; A predicate that says that everything is before everything.
;; limits: --menu base,(srfi 132) --heap 50M --timeout 2s
;; expect: ok|error|timeout
(import (scheme base) (srfi 132))
(length (list-sort (lambda (a b) #t) (make-list 100000 1)))
