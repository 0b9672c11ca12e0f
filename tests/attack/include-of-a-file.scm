;; No file can be included.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: error
(import (scheme base))
(include "/etc/passwd")
