;; A library that exports five thousand names, all of them imported by name and used: none is looked for among the others.
;; limits: --menu base --heap 50M --fuel 1M --timeout 60s
;; expect: ok
;; source: 1 "(define-library (big) (export " 5000 "v%d " 1 ") (import (scheme base)) (begin " 5000 "(define v%d %d)" 1 "))(import (scheme base) (only (big) " 5000 "v%d " 1 "))" 5000 "v%d "
