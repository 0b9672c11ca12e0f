;; A quoted list of a hundred thousand numbers that are boxed.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(length '(" 100000 "1.%de90 " 1 "))"
(import (scheme base))
