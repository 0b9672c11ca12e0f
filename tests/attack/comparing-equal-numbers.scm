;; Two equal numbers of half a million bits: eqv? goes through all of both.
;; limits: --menu base --heap 50M --timeout 20s --fuel 10M
;; expect: fuel
(import (scheme base))
(define a (expt 7 200000))
(define b (expt 7 200000))
(let again ((i 0)) (if (< i 100000) (begin (eqv? a b) (again (+ i 1)))))
