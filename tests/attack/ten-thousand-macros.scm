;; Ten thousand macros of a program, which the next program can use.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|heap|timeout
;; source: 10000 "(define-syntax m%d (syntax-rules () ((_ x) (list x %d))))\n" 1 "(m7 1)"
(import (scheme base))
