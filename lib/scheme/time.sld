;; R7RS (scheme time).
(define-library (scheme time)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export current-jiffy current-second jiffies-per-second))
