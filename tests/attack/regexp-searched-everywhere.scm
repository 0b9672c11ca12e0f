;; A search that begins at each of a hundred thousand characters.
;; limits: --menu base,(srfi 115) --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base) (srfi 115))
(regexp-search '(: (* #\a) "b") (make-string 100000 #\a))
