;; A loop without end meets the clock. Run with --timeout 200ms
(import (scheme base))
(define (wait) (wait))
(wait)
