;; A continuation comes back a thousand times before ten thousand instructions, which are paid each time.
;; limits: --menu base --heap 50M --timeout 20s --fuel 800k
;; expect: fuel
;; source: 1 "(define (f l) (let* ((x (call/cc (lambda (k) (cons k 0)))) (k (car x)) (n (cdr x))) " 10000 "(car l) " 1 "(if (< n 1000) (k (cons k (+ n 1))) n))) (f (list 1 2))"
(import (scheme base))
