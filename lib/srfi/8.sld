;; SRFI 8: receive, which binds the values of an expression.
(define-library (srfi 8)
  (import (schooner syntax))
  (export receive))
