;; Copies a cyclic list in every way.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error
(import (scheme base))
(list-copy '#0=(1 2 3 . #0#))
