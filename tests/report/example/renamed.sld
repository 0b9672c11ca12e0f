(define-library (example renamed)
  (export (rename internal external))
  (import (scheme base))
  (begin (define internal 'internal)))
