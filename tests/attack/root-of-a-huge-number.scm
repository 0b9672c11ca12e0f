;; The integer root of a number of four million bits.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base))
(exact-integer-sqrt (expt 3 2500000))
1
