;; One string of four megabytes in the source.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(string-length \"" 1048576 "\\téb" 1 "\")"
(import (scheme base))
