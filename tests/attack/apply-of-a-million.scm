;; A million arguments.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|error
(import (scheme base))
(apply + (make-list 1000000 1))
