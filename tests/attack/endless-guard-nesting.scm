;; Guards without end.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define (deep) (guard (e (#f 1)) (deep)) 1)
(deep)
