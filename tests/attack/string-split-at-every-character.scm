;; A megabyte split at each of its characters.
;; limits: --menu base,(srfi 152) --heap 50M --timeout 2s
;; expect: ok|heap|timeout
(import (scheme base) (srfi 152))
(length (string-split (make-string 1000000 #\,) ","))
