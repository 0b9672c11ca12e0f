;; A procedure of thirty thousand instructions without a loop or an entry; the program calls it a few hundred times.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
;; source: 1 "(define (f a) " 30000 "(vector-ref a 1) " 1 ") (let again ((i 0)) (if (< i 200) (begin (f (vector 1 2)) (again (+ i 1)))))"
(import (scheme base))
