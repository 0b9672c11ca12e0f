;; string->number of a megabyte.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base))
(define text (make-string 1000000 #\7))
(exact-integer? (string->number text))
