;; Much garbage in a small heap.
;; limits: --menu base --heap 1M --timeout 30s
;; expect: ok
;; prints: done
(import (scheme base))
(define (f n) (if (= n 0) (quote done) (begin (list n n n) (f (- n 1)))))
(f 3000000)
