;; A thousand optional letters before a thousand letters.
;; limits: --menu base,(srfi 115) --heap 50M --timeout 2s
;; expect: ok|timeout|heap
(import (scheme base) (srfi 115))
(regexp-matches? `(: ,@(make-list 1000 '(? #\a)) ,@(make-list 1000 #\a)) (make-string 1000 #\a))
