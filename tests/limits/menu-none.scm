;; An empty menu.
;; limits: --menu none
;; expect: error
;; says: library
(import (scheme base))
1
