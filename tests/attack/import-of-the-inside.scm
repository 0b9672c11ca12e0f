;; The primitives behind the libraries are not for scripts.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error
;; says: library
(import (scheme base))
(import (schooner primitives))
1
