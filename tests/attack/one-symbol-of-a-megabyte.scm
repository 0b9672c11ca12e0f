;; One symbol of a megabyte in the source.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(symbol? (quote a" 1048576 "b" 1 "))"
(import (scheme base))
