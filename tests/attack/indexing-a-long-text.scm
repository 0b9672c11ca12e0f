;; Texts that are not ASCII need an index of their characters.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define s (make-string 3000000 #\x3bb))
(let loop () (string-append s "a") (substring s 1 2900000) (loop))
