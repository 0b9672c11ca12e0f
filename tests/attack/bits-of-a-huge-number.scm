;; Bitwise work on four million bits.
;; limits: --menu base,(srfi 151) --heap 50M --timeout 2s
;; expect: timeout|heap|integer-bits
(import (scheme base) (srfi 151))
(define a (- (expt 2 3999990) 1))
(let loop () (bitwise-xor a (bitwise-not a)) (bit-count a) (arithmetic-shift a -1) (loop))
