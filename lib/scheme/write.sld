;; R7RS (scheme write).
(define-library (scheme write)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export display write write-shared write-simple))
