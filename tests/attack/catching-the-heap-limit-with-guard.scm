;; guard around what exhausts the heap.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
;; prints: 
(import (scheme base))
(define (hog l) (hog (cons l l)))
(define (say x) (write-string "caught") x)
(guard (e (#t (say 1))) (hog 1))
(say 2)
