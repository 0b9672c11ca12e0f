;; A pattern that nearly matches everywhere, in a text of a megabyte.
;; limits: --menu base,(srfi 152) --heap 50M --timeout 2s
;; expect: ok
(import (scheme base) (srfi 152))
(define text (make-string 1000000 #\a))
(define pattern (string-append (make-string 50000 #\a) "b"))
(string-contains text pattern)
