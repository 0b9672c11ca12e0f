;; Included by 4.1-primitive-expressions.scm.
(define included-two 2)
