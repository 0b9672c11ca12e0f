;; Continuations out of vector-map are entered again and again.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|heap
(import (scheme base))
(define ks (list))
(define result (vector-map (lambda (x) (call/cc (lambda (k) (cons k x)))) (make-vector 1000 1)))
(let ((k (vector-ref result 0))) (if (pair? k) ((car k) k)))
