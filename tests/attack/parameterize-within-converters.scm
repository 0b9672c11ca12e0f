;; A converter that binds its parameter again, deeper with each binding: the stack goes up and down without end.
;; limits: --menu base --heap 50M --timeout 1s
;; expect: timeout
(import (scheme base))
(define p (make-parameter 0 (lambda (x) (if (> x 0) (parameterize ((p (- x 1))) x) x))))
(let loop ((i 0)) (parameterize ((p i)) (loop (+ i 1))))
