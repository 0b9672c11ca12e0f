;; Code deeper than allowed.
;; limits: --menu base --nesting 100
;; expect: nesting
;; source: 200 "(list " 200 ")"
(import (scheme base))
