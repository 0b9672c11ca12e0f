;; A megabyte of escapes.
;; limits: --menu base,(schooner json) --heap 50M --timeout 2s
;; expect: ok|timeout|heap
(import (scheme base) (schooner json))
(define (times n s) (if (= n 1) s (let ((h (times (quotient n 2) s))) (string-append h h))))
(string-length (json-read-string (string-append "\"" (times 131072 "\\u0041\\n") "\"")))
