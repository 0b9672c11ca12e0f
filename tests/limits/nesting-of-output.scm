;; Data deeper than may be written.
;; limits: --menu base,write --nesting 100
;; expect: nesting
(import (scheme base))
(import (scheme write))
(define (f n x) (if (= n 0) x (f (- n 1) (list x))))
(write (f 200 1))
