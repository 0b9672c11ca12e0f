;; One body with twenty thousand procedures.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(define (f y) " 20000 "(define (g%d) (+ y %d))" 1 "(g7)) (f 1)"
(import (scheme base))
