;; A promise that is itself.
;; limits: --menu base,lazy --heap 50M --timeout 2s
;; expect: timeout|heap|error
(import (scheme base))
(define p (delay-force p))
(force p)
