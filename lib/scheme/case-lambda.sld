;; R7RS (scheme case-lambda).
(define-library (scheme case-lambda)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export case-lambda))
