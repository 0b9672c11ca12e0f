;; R7RS (scheme repl).
(define-library (scheme repl)
  (import (schooner environment))
  (export interaction-environment))
