;; call/cc of itself.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout|heap|error
(import (scheme base))
((lambda (k) ((call/cc call/cc) k)) (call/cc call/cc))
