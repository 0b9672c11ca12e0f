;; A number of ten billion digits is refused before it is begun. Run with --integer-bits 4M
(import (scheme base))
(expt 10 (expt 10 10))
