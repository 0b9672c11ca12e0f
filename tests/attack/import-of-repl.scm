;; (scheme repl) is not on the menu.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error
;; says: library
(import (scheme base))
(import (scheme repl))
1
