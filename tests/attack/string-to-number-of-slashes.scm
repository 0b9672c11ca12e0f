;; A megabyte that looks like a number until its end.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok
(import (scheme base))
(let loop ((i 0)) (if (< i 20) (begin (string->number (string-append (make-string 1000000 #\7) "/")) (loop (+ i 1))) i))
