;; A bytevector of a million bytes in the source.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(bytevector-length #u8(" 1000000 "7 " 1 "))"
(import (scheme base))
