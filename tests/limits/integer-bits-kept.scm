;; Within a small limit.
;; limits: --menu base --integer-bits 128
;; expect: ok
;; prints: 1267650600228229401496703205376
(import (scheme base))
(expt 2 100)
