;; The first comparison never returns.
;; limits: --menu base,(srfi 132) --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base) (srfi 132))
(list-sort (lambda (a b) (let loop () (loop))) '(3 2 1))
