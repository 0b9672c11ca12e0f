(import (scheme base) (scheme write))
;; tak, each result delivered through a continuation
(define (ctak x y z) (call/cc (lambda (k) (ctak-to k x y z))))
(define (ctak-to k x y z)
  (if (not (< y x))
      (k z)
      (call/cc
       (lambda (k)
         (ctak-to k
                  (call/cc (lambda (k) (ctak-to k (- x 1) y z)))
                  (call/cc (lambda (k) (ctak-to k (- y 1) z x)))
                  (call/cc (lambda (k) (ctak-to k (- z 1) x y))))))))
(display (ctak 18 12 6)) (newline)
