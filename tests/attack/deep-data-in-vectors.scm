;; Writes vectors 300,000 levels deep.
;; limits: --menu base,write --heap 50M --timeout 2s --output 1M
;; expect: nesting|output|ok
;; smaller: 300000 30000
(import (scheme base))
(import (scheme write))
(define (f n x) (if (= n 0) x (f (- n 1) (vector x))))
(write (f 300000 1))
