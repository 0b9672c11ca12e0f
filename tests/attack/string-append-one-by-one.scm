;; A string grown one character at a time.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|heap
(import (scheme base))
(define (f i s) (if (= i 0) (string-length s) (f (- i 1) (string-append s "x"))))
(f 100000 "")
