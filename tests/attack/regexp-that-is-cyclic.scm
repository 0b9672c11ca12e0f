;; An expression that contains itself.
;; limits: --menu base,(srfi 115) --heap 50M --timeout 2s
;; expect: error|heap|timeout
(import (scheme base) (srfi 115))
(regexp '#0=(: "a" #0#))
