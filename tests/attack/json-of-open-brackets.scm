;; A million open brackets.
;; limits: --menu base,(schooner json) --heap 50M --timeout 2s
;; expect: error
(import (scheme base) (schooner json))
(json-read-string (make-string 1000000 #\[))
