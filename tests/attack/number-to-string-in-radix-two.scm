;; Four million bits, printed in radix two, again and again.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout|heap
(import (scheme base))
(define n (- (expt 2 3999999) 1))
(let loop () (number->string n 2) (loop))
