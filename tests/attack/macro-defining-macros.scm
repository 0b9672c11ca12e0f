;; Macros that define macros for ever.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: timeout|heap|nesting
(import (scheme base))
(define-syntax f (syntax-rules () ((_) (let-syntax ((g (syntax-rules () ((_) (f))))) (g)))))
(f)
