;; Joining a thousand texts of a megabyte.
;; limits: --menu base,(srfi 152) --heap 50M --timeout 2s
;; expect: heap
(import (scheme base) (srfi 152))
(string-length (string-join (make-list 1000 (make-string 1000000 #\a)) ","))
