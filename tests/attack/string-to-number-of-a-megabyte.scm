;; A number of a million digits, read from a string.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok
(import (scheme base))
(string->number (make-string 1000000 #\7))
1
