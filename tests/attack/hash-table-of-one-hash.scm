;; All keys have the same hash: the searches are paid for.
;; limits: --mutation --menu base,(srfi 125) --heap 50M --fuel 20M --timeout 10s
;; expect: fuel
(import (scheme base) (srfi 125))
(define t (make-hash-table string=? (lambda (key) 1)))
(define (f n) (hash-table-set! t (number->string n) n) (f (+ n 1)))
(f 0)
