;; A hundred thousand bindings of one parameter in force, each with a converter.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
(import (scheme base))
(define p (make-parameter 0 (lambda (x) x)))
(let loop ((i 0)) (if (< i 100000) (+ 0 (parameterize ((p i)) (loop (+ i 1)))) (p)))
