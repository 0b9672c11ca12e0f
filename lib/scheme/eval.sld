;; R7RS (scheme eval).
(define-library (scheme eval)
  (import (schooner environment))
  (export environment eval))
