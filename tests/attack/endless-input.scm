;; There is no input to wait for.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|error
(import (scheme base))
(import (scheme base))
(read-char)
