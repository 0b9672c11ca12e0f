;; Each guard hands its error to the next one outside, ten thousand times.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error|heap|timeout
(import (scheme base))
(define (nest n) (if (= n 0) (raise 'x) (guard (e ((eq? e 'y) 1)) (+ 1 (nest (- n 1))))))
(nest 10000)
