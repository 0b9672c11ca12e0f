;; Displays a shared structure of 2^40 leaves.
;; limits: --menu base,write --heap 50M --timeout 2s --output 1M
;; expect: output|timeout
(import (scheme base))
(import (scheme write))
(define (f n x) (if (= n 0) x (f (- n 1) (cons x x))))
(define x (f 40 1))
(display x)
