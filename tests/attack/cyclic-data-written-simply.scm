;; write-simple of a cycle floods.
;; limits: --menu base,write --heap 50M --timeout 2s --output 1M
;; expect: output
(import (scheme base))
(import (scheme write))
(define c (quote #0=(1 2 . #0#)))
(write-simple c)
