;; A list of a million.
;; limits: --menu base --heap 128M
;; expect: ok
;; smaller: 1000000 20000
;; prints: 1000000
(import (scheme base))
(length (map (lambda (x) (+ x 1)) (make-list 1000000 1)))
