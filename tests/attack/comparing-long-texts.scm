;; Compares ten megabytes that differ at the end.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define a (make-string 10000000 #\a))
(define b (string-append (make-string 9999999 #\a) "b"))
(let loop () (string=? a b) (string<? a b) (equal? a b) (loop))
