;; The gcd of two numbers of four million bits.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout
(import (scheme base))
(gcd (expt 3 2400000) (expt 5 1700000))
