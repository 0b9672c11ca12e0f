;; The decimal digits of a number of four million bits.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base))
(string-length (number->string (expt 3 2500000)))
