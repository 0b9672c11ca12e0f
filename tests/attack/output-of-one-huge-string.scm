;; Ten megabytes at once.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: output
(import (scheme base))
(write-string (make-string 10000000 #\a))
