;; Stars within stars on a text that nearly matches: exponential for who backtracks.
;; limits: --menu base,(srfi 115) --heap 50M --timeout 2s
;; expect: ok
(import (scheme base) (srfi 115))
(regexp-matches? '(: (* (* (* #\a))) "b") (make-string 2000 #\a))
