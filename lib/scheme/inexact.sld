;; R7RS (scheme inexact).
(define-library (scheme inexact)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export acos asin atan cos exp finite? infinite? log nan? sin sqrt tan))
