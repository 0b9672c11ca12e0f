;; An error with megabytes of text.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error|heap
(import (scheme base))
(error (make-string 1000000 #\a) (make-list 1000000 1))
