;; R7RS (scheme lazy).
(define-library (scheme lazy)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export delay delay-force force make-promise promise?))
