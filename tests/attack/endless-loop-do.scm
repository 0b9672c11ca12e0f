;; Loops for ever without a procedure in sight.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout
(import (scheme base))
(do () (#f))
