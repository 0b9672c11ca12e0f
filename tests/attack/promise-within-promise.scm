;; Promises forced within each other, without end.
;; limits: --menu base,lazy --heap 50M --timeout 2s
;; expect: heap
(import (scheme base) (scheme lazy))
(define (deep n) (delay (+ 1 (force (deep (+ n 1))))))
(force (deep 0))
