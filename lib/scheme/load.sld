;; R7RS (scheme load).
(define-library (scheme load)
  (import (schooner environment))
  (export load))
