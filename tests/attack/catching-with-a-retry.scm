;; Tries again whenever the heap is full.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout|fuel
(import (scheme base))
(define (hog l) (hog (cons l l)))
(define (again) (guard (e (#t (again))) (hog 1)) (again))
(again)
