;; A number of a million digits with an exponent.
;; limits: --menu base,(schooner json) --heap 50M --timeout 2s
;; expect: ok|error|integer-bits
(import (scheme base) (schooner json))
(json-read-string (make-string 1000000 #\7))
1
