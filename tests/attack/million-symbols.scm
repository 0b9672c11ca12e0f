;; A million symbols that nobody keeps.
;; limits: --menu base --heap 10M --timeout 10s
;; expect: ok|timeout|heap
;; prints: done
(import (scheme base))
(define (f i) (if (= i 0) (quote done) (begin (string->symbol (number->string i)) (f (- i 1)))))
(f 1000000)
