;; A record type for each turn, all kept.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: heap|timeout
(import (scheme base))
(define (f l) (define-record-type t (make x) t? (x t-x)) (f (cons make l)))
(f (list))
