;; Loops for ever in an iteration, by fuel.
;; limits: --menu base --heap 50M --timeout 30s --fuel 5M
;; expect: fuel
(import (scheme base))
(do ((i 0 (+ i 1))) (#f))
