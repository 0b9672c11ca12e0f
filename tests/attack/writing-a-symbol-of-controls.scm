;; Writes a long symbol, each of whose characters needs an escape.
;; limits: --menu base,write --heap 50M --timeout 1s
;; expect: timeout|heap
(import (scheme base) (scheme write))
(define (f) (write (string->symbol (make-string 1000000 #\x1)) (open-output-string)) (f))
(f)
