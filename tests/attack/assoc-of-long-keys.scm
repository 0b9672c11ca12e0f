;; Long keys that differ at their ends.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define key (string-append (make-string 1000000 #\a) "b"))
(define table (map (lambda (i) (cons (string-append (make-string 100000 #\a) (number->string i)) i)) '(1 2 3 4 5 6 7 8 9)))
(let loop () (assoc key table) (loop))
