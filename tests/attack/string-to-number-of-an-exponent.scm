;; An exponent of a megabyte of nines.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|integer-bits
(import (scheme base))
(string->number (string-append "1e" (make-string 1000000 #\9)))
1
