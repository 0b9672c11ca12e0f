;; A delay-force loop in a heap of one megabyte.
;; limits: --menu base,lazy --heap 1M --timeout 30s
;; expect: ok
;; smaller: 3000000 500000
;; prints: done
(import (scheme base))
(import (scheme lazy))
(define (loop n) (if (= n 0) (delay (quote done)) (delay-force (loop (- n 1)))))
(force (loop 3000000))
