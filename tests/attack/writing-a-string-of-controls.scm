;; Writes a long string, each of whose characters needs an escape.
;; limits: --menu base,write --heap 50M --timeout 1s
;; expect: timeout|heap
(import (scheme base) (scheme write))
(define (f) (write (make-string 2000000 #\x7f) (open-output-string)) (f))
(f)
