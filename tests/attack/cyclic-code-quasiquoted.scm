;; A cyclic template.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error|heap|timeout|nesting|ok
(import (scheme base))
(define x `#0=(1 . #0#))
1
