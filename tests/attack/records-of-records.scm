;; A record with a thousand fields, made without end and kept.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap
(import (scheme base))
(define-record-type r (make-r a b c d e f g h) r? (a r-a) (b r-b) (c r-c) (d r-d) (e r-e) (f r-f) (g r-g) (h r-h))
(let loop ((x 0)) (loop (make-r x x x x x x x x)))
