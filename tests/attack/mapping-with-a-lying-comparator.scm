;; A comparator that calls everything less.
;; limits: --menu base,(srfi 128),(srfi 146) --heap 50M --timeout 2s
;; expect: ok|error|timeout
(import (scheme base) (srfi 128) (srfi 146))
(define c (make-comparator (lambda (x) #t) (lambda (a b) #f) (lambda (a b) #t) (lambda (x) 0)))
(let loop ((i 0) (m (mapping c))) (if (< i 20000) (loop (+ i 1) (mapping-set m i i)) (mapping-size m)))
