;; Every character of a long string that is not ASCII: no square.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
;; prints: 500000
(import (scheme base))
(define s (string-append (make-string 500000 #\a) (make-string 500000 #\x3bb)))
(define (f i n) (if (= i 1000000) n (f (+ i 1) (if (char=? (string-ref s i) #\a) (+ n 1) n))))
(f 0 0)
