;; Tables that are filled and emptied, with keys that C knows and with lists, which it leaves to the library.
(cond-expand
  (guile
   (import (scheme base) (scheme write)
           (rename (only (guile) make-hash-table hash-ref hash-set! hash-remove!)
                   (hash-ref hash-table-ref/default) (hash-set! hash-table-set!) (hash-remove! hash-table-delete!))))
  (else (import (scheme base) (scheme write) (srfi 69))))
(define (fill table key n)
  (if (> n 0)
      (begin
        (hash-table-set! table (key n) n)
        (fill table key (- n 1)))))
(define (empty table key n sum)
  (if (= n 0)
      sum
      (let ((value (hash-table-ref/default table (key n) 0)))
        (hash-table-delete! table (key n))
        (empty table key (- n 1) (+ sum value)))))
(define (churn table key rounds sum)
  (if (= rounds 0)
      sum
      (begin
        (fill table key 500)
        (churn table key (- rounds 1) (empty table key 500 sum)))))
(define (number n) (* n 1001))
(define (pair n) (list n 'of n))
(display (+ (churn (make-hash-table) number 400 0) (churn (make-hash-table) pair 20 0)))
(newline)
