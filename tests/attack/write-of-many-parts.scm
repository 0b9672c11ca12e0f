;; What writing and comparing note about four hundred thousand parts.
;; limits: --menu base,write --heap 50M --timeout 2s
;; expect: ok|timeout
;; source: 1 "(define (of n) (let again ((n n) (l '())) (if (= n 0) l (again (- n 1) (cons (list 1) l))))) (write (of 200000)) (equal? (of 60000) (of 60000))"
(import (scheme base) (scheme write))
