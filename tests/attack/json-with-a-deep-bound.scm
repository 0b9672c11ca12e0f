;; A hundred thousand open brackets, allowed by the caller.
;; limits: --menu base,(schooner json) --heap 50M --timeout 2s
;; expect: error|heap|timeout
(import (scheme base) (schooner json))
(json-read-string (make-string 100000 #\[) 1000000)
