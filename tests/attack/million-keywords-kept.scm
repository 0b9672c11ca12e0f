;; A million keywords that are kept.
;; limits: --menu base,(schooner keyword) --heap 10M --timeout 10s
;; expect: heap|ok
;; smaller: 1000000 10000
(import (scheme base) (schooner keyword))
(define (f i l)
  (if (= i 0) (length l) (f (- i 1) (cons (symbol->keyword (string->symbol (number->string i))) l))))
(f 1000000 (list))
