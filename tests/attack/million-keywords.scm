;; A million keywords that nobody keeps.
;; limits: --menu base,(schooner keyword) --heap 10M --timeout 10s
;; expect: ok|timeout
;; prints: done
;; smaller: 1000000 10000
(import (scheme base) (schooner keyword))
(define (f i)
  (if (= i 0) 'done (begin (symbol->keyword (string->symbol (number->string i))) (f (- i 1)))))
(f 1000000)
