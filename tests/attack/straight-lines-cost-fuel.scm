;; A procedure of ten thousand calls of primitives weighs four thousand units, and the program calls it a hundred times.
;; limits: --menu base --heap 50M --timeout 20s --fuel 1M
;; expect: fuel
;; source: 1 "(define (f a b) " 10000 "(string-append a b) " 1 ") (let again ((i 0)) (if (< i 1000) (begin (f \"a\" \"b\") (again (+ i 1)))))"
(import (scheme base))
