;; R7RS (scheme complex).
(define-library (scheme complex)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export angle imag-part magnitude make-polar make-rectangular real-part))
