;; Repetitions of repetitions: a thousand million states, if they were made.
;; limits: --menu base,(srfi 115) --heap 50M --timeout 2s
;; expect: heap|timeout|error
(import (scheme base) (srfi 115))
(regexp-matches? '(= 1000 (= 1000 (= 1000 #\a))) "aaa")
