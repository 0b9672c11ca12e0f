;; The hash of cyclic data.
;; limits: --menu base,(srfi 128) --heap 50M --timeout 2s
;; expect: ok|error|timeout|heap
(import (scheme base) (srfi 128))
(default-hash '#0=(1 . #0#))
