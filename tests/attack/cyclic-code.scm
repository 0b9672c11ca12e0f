;; A program that contains itself.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error|heap|timeout|nesting
(import (scheme base))
#0=(begin 1 #0#)
