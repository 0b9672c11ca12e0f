;; Lookups of a parameter that lies behind 400,000 bindings of another; then all of them are left at once.
;; limits: --menu base --heap 200M --timeout 5s
;; expect: ok|timeout|heap
(import (scheme base))
(define p (make-parameter 1))
(define q (make-parameter 0))
(define (look n sum) (if (= n 0) sum (look (- n 1) (+ sum (p)))))
(define (bind n leave)
  (if (= n 0) (leave (look 20 0)) (+ 0 (parameterize ((q n)) (bind (- n 1) leave)))))
(call/cc (lambda (leave) (bind 400000 leave)))
