;; The same, from the end.
;; limits: --menu base,(srfi 152) --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base) (srfi 152))
(define text (make-string 1000000 #\a))
(define pattern (string-append "b" (make-string 50000 #\a)))
(string-contains-right text pattern)
