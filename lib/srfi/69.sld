;; SRFI 69: basic hash tables; those of SRFI 125 with the arguments of before.
(define-library (srfi 69)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) error) (schooner table)
          (except (srfi 125) make-hash-table alist->hash-table hash-table-copy hash-table-merge! hash-table-fold)
          (prefix (only (srfi 125) make-hash-table alist->hash-table) new-))
  (export
    make-hash-table hash-table? alist->hash-table hash-table-equivalence-function hash-table-hash-function
    hash-table-ref hash-table-ref/default hash-table-set! hash-table-delete! hash-table-exists?
    hash-table-update! hash-table-update!/default
    hash-table-size hash-table-keys hash-table-values hash-table-walk hash-table-fold hash-table->alist
    hash-table-copy hash-table-merge!
    hash string-hash string-ci-hash hash-by-identity)
  (begin
    (define make-hash-table
      (case-lambda
        (() (new-make-hash-table equal?))
        ((same? . rest) (new-make-hash-table same? (if (pair? rest) (car rest) #f)))))
    (define alist->hash-table
      (case-lambda
        ((alist) (new-alist->hash-table alist equal?))
        ((alist same? . rest) (new-alist->hash-table alist same? (if (pair? rest) (car rest) #f)))))
    (define (hash-table-copy table) (table-copy table #t))
    (define (hash-table-fold table f start)
      (table-fold f start table))
    (define (hash-table-merge! a b)
      (table-change! a)
      (hash-table-walk b (lambda (key value) (hash-table-set! a key value)))
      a)))
