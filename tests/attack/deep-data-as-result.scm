;; A result 300,000 levels deep.
;; limits: --menu base,write --heap 50M --timeout 2s --output 1M
;; expect: nesting|output|ok|error
;; smaller: 300000 30000
(import (scheme base))
(define (f n x) (if (= n 0) x (f (- n 1) (list x))))
(f 300000 1)
