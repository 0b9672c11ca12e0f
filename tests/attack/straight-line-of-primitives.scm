;; A procedure of thirty thousand calls without a loop or an entry; the program calls it a few hundred times.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
;; source: 1 "(define (f a b) " 30000 "(equal? a b) " 1 ") (let again ((i 0)) (if (< i 200) (begin (f 1.5 2.5) (again (+ i 1)))))"
(import (scheme base))
