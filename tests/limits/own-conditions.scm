;; What the script itself raises it may handle.
;; limits: --menu base
;; expect: ok
;; prints: (1 2)
(import (scheme base))
(guard (e (#t (list 1 e))) (raise 2))
