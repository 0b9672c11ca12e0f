;; A quoted vector of two hundred thousand numbers.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(vector-length '#(" 200000 "%d " 1 "))"
(import (scheme base))
