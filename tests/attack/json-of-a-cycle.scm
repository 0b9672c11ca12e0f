;; A cyclic list and vector as JSON.
;; limits: --menu base,(schooner json) --heap 50M --timeout 2s
;; expect: error|heap|timeout|fuel|nesting
(import (scheme base) (schooner json))
(json->string '#0=#(1 #0#))
