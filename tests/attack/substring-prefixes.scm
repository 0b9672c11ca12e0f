;; Prefixes and suffixes of a megabyte, again and again.
;; limits: --menu base,(srfi 152) --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base) (srfi 152))
(define text (make-string 1000000 #\a))
(let loop () (string-prefix-length text text) (string-suffix-length text text) (string-prefix? text text) (loop))
