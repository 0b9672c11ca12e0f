;; What is not on the menu is not found.
;; limits: --menu base
;; expect: error
;; says: library
(import (scheme base))
(import (scheme write))
1
