;; A decimal fraction of half a megabyte.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|integer-bits
(import (scheme base))
(define text (make-string 500000 #\7))
(string->number (string-append "0." text))
