;; Ten million parentheses through read.
;; limits: --menu base,read --heap 50M --timeout 2s
;; expect: heap|timeout|nesting|error
(import (scheme base))
(import (scheme read))
(define (f s) (f (string-append s s)))
(read (open-input-string (make-string 10000000 #\()))
