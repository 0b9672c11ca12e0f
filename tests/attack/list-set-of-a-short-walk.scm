;; Walks of less than a thousand pairs, each begun by one call.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(define l (make-list 1000 1))
(let loop () (list-tail l 1000) (length l) (memv 2 l) (loop))
