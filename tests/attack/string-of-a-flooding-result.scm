;; A result of ten megabytes.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: output|heap
(import (scheme base))
(make-string 10000000 #\a)
