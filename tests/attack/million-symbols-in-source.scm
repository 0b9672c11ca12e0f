;; Three hundred thousand symbols in the source.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(length (quote (" 300000 "symbol-%d " 1 ")))"
(import (scheme base))
