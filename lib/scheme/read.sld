;; R7RS (scheme read).
(define-library (scheme read)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export read))
