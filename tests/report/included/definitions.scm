;; Included by 4.1-primitive-expressions.scm.
(define included-value 'included)
(define (included-square n) (* n n))
(define included-one 1)
