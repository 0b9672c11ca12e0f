;; Bytes that are no text.
;; limits: --menu base
;; expect: error
(import (scheme base))
"\xff\xfe"
