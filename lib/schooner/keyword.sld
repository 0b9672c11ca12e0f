;; R7RS (schooner keyword).
(define-library (schooner keyword)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export keyword? keyword->symbol symbol->keyword))
