(cond-expand
  (guile
   (import (scheme base) (scheme write)
           (rename (only (guile) logand logxor ash)
                   (logand bitwise-and) (logxor bitwise-xor) (ash arithmetic-shift))))
  (else (import (scheme base) (scheme write) (srfi 151))))
(define (next x)
  (let* ((x (bitwise-xor x (bitwise-and (arithmetic-shift x 13) 4294967295)))
         (x (bitwise-xor x (arithmetic-shift x -17))))
    (bitwise-xor x (bitwise-and (arithmetic-shift x 5) 4294967295))))
(define (repeat n x) (if (= n 0) x (repeat (- n 1) (next x))))
(display (repeat 2000000 2463534242)) (newline)
