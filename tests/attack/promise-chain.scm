;; A promise that leads to the next one for ever, with delay-force.
;; limits: --menu base,lazy --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base) (scheme lazy))
(define (next) (delay-force (next)))
(force (next))
