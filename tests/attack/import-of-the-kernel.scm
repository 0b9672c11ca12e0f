;; What the libraries share is not for scripts.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error
;; says: library
(import (scheme base))
(import (schooner kernel))
1
