;; Symbols that are long and alike.
;; limits: --menu base --heap 50M --timeout 2s
;; expect: ok|timeout|heap
(import (scheme base))
(define (f i l) (if (= i 0) 1 (f (- i 1) (string->symbol (make-string i #\a)))))
(f 5000 1)
