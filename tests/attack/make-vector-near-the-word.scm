;; A size whose product with eight would wrap around.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|error
(import (scheme base))
(make-vector 1152921504606846975 0)
