;; A million values.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|error
(import (scheme base))
(call-with-values (lambda () (apply values (make-list 1000000 1))) list)
1
