;; An exponent that stands for gigabytes, in the source.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: integer-bits|error
(import (scheme base))
#e1e1000000000
