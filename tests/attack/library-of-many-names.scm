;; A library that exports twenty thousand names, all of them imported by name.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 1 "(define-library (big) (export " 20000 "v%d " 1 ") (import (scheme base)) (begin " 20000 "(define v%d %d)" 1 "))(import (scheme base) (only (big) " 20000 "v%d " 1 ")) v7"
