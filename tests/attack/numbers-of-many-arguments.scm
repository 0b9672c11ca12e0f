;; Procedures of numbers with two hundred thousand arguments.
;; limits: --menu base,(srfi 151) --heap 50M --timeout 2s
;; expect: ok|timeout
;; source: 1 "(define (of n) (make-list 200000 n)) (list (apply + (of 1.5)) (apply < (of 1/2)) (apply max (of 1.5)) (apply gcd (of 6)) (apply bitwise-xor (of 5)))"
(import (scheme base) (srfi 151))
