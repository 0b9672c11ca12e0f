(cond-expand
  (guile
   (import (scheme base) (scheme write)
           (rename (only (guile) make-hash-table hash-ref hash-set!)
                   (hash-ref hash-table-ref/default) (hash-set! hash-table-set!))))
  (else (import (scheme base) (scheme write) (srfi 69))))
(define (count! table key)
  (hash-table-set! table key (+ 1 (hash-table-ref/default table key 0))))
(define (texts n table)
  (if (> n 0)
      (begin
        (count! table (string-append "key" (number->string (modulo (* n 7919) 5003))))
        (texts (- n 1) table))))
(define (numbers n table)
  (if (> n 0)
      (begin
        (count! table (modulo (* n 7919) 50021))
        (numbers (- n 1) table))))
(define table (make-hash-table))
(texts 100000 table)
(numbers 200000 table)
(display (+ (hash-table-ref/default table "key17" 0) (hash-table-ref/default table 17 0)))
(newline)
