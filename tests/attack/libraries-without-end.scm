;; Twenty thousand libraries in one program: each look for one goes through those before.
;; limits: --menu base --heap 50M --fuel 20M --timeout 60s
;; expect: fuel|heap
;; source: 20000 "(define-library (a%d) (export x) (import (scheme base)) (begin (define x 1)))\n"
