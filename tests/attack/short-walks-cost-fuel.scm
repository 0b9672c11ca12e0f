;; A hundred thousand walks over a thousand pairs are a hundred million units.
;; limits: --menu base --heap 50M --timeout 2s --fuel 10M
;; expect: fuel
(import (scheme base))
(define l (make-list 1000 1))
(let loop ((i 0)) (if (< i 100000) (begin (list-tail l 1000) (loop (+ i 1))) i))
