;; Keywords, and the procedures that take arguments by them.
(define-library (schooner keyword)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export keyword? keyword->symbol symbol->keyword define* lambda*))
