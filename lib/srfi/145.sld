;; SRFI 145: assume, a condition that holds in a program that is right; it is always looked at.
(define-library (srfi 145)
  (import (schooner syntax) (only (schooner kernel) error))
  (export assume)
  (begin
    (define-syntax assume
      (syntax-rules ()
        ((_ condition) (or condition (error "invalid assumption" 'condition)))
        ((_ condition message . irritants)
         (or condition (error "invalid assumption" 'condition message . irritants)))))))
