;; Hash tables that remember the order in which keys came, for (srfi 69), (srfi 125) and (srfi 113). Buckets are chains
;; of entries #(hash key value before after); the entries are a ring, too, in the order of insertion. That order is the
;; only one a program sees, so that nothing depends on where objects lie. An entry that was removed still knows what
;; came after it: a walk goes on from there.
(define-library (schooner table)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) values apply error) (srfi 128))
  (export hash-table? make-table table-like table-entry table-put! table-remove! table-clear! table-fold table-copy
          table-change! entry-key entry-value set-entry-value!
          hash-table-size hash-table-mutable? hash-table-equivalence-function hash-table-hash-function)
  (begin
    ;; The state #(buckets size ring kind) has hashes by address, which nothing may print: it is inside of a procedure.
    (define-record-type hash-table
      (%table equality hash hash-of state mutable?)
      hash-table?
      (equality hash-table-equivalence-function)
      (hash hash-table-hash-function)
      (hash-of %hash-of)
      (state %state-of)
      (mutable? hash-table-mutable?))
    (define (%state table) ((%state-of table)))
    (define (%buckets table) (vector-ref (%state table) 0))
    (define (%set-buckets! table buckets) (vector-set! (%state table) 0 buckets))
    (define (hash-table-size table) (vector-ref (%state table) 1))
    (define (%set-size! table size) (vector-set! (%state table) 1 size))
    (define (%ring table) (vector-ref (%state table) 2))

    (define (entry-key entry) (vector-ref entry 1))
    (define (entry-value entry) (vector-ref entry 2))
    (define (set-entry-value! entry value) (vector-set! entry 2 value))
    (define (%before entry) (vector-ref entry 3))
    (define (%after entry) (vector-ref entry 4))
    (define (%join! before after)
      (vector-set! before 4 after)
      (vector-set! after 3 before))

    ;; --- hashes: integers below 2^54, so that what is computed with them stays small

    (define (%hash-by-identity key)
      (if (number? key) (number-hash key) (%identity-hash key)))

    ;; Of what equal? and the default comparator tell apart. A list of what waits, so deep structures need no deep calls.
    (define (%hash-by-structure key)
      (define (mix hash value) (modulo (+ (* 31 hash) value) 18014398509481983))
      (let loop ((x key) (waiting '()) (hash 16064047))
        (cond ((pair? x) (loop (car x) (cons (cdr x) waiting) (mix hash 1)))
              ((and (vector? x) (> (vector-length x) 0)) (loop (vector->list x) waiting (mix hash 7)))
              (else
               (let ((hash (mix hash
                                (cond ((string? x) (string-hash x))
                                      ((number? x) (number-hash x))
                                      ((or (vector? x) (bytevector? x)) (default-hash x))
                                      (else (%identity-hash x))))))
                 (if (null? waiting)
                     hash
                     (loop (car waiting) (cdr waiting) hash)))))))

    (define (%hash-by f)
      (lambda (key)
        (let ((hash (f key)))
          (if (exact-integer? hash)
              (modulo hash 18014398509481983)
              (error "a hash function gave something else than an exact integer" hash)))))

    ;; How keys are compared, for %table-find and %table-hash: the numbers of src/schooner/lib/tables.c.
    (define (%kind equality hash)
      (cond ((or (eq? equality eq?) (eq? equality eqv?)) 1)
            ((eq? equality equal?) 2)
            ((and (eq? equality string=?) (eq? hash string-hash)) 3)
            (else 0)))

    ;; A hash function of no use, #f, is for those equalities that bring their own.
    (define (make-table equality hash mutable?)
      (let* ((ring (vector #f #f #f #f #f))
             (hash (or hash
                       (cond ((eq? equality string=?) string-hash)
                             ((eq? equality string-ci=?) string-ci-hash)
                             (else default-hash))))
             (state (vector (make-vector 8 '()) 0 ring (%kind equality hash))))
        (%join! ring ring)
        (%table equality
                hash
                (cond ((or (eq? equality eq?) (eq? equality eqv?)) %hash-by-identity)
                      ((or (eq? equality equal?) (eq? hash default-hash)) %hash-by-structure)
                      (else (%hash-by hash)))
                (lambda () state)
                mutable?)))
    (define (table-like table)
      (make-table (hash-table-equivalence-function table) (hash-table-hash-function table) #t))

    ;; --- entries

    (define (%find table hash key)
      (let ((buckets (%buckets table)) (same? (hash-table-equivalence-function table)))
        (let loop ((chain (vector-ref buckets (%hash-index hash (vector-length buckets)))))
          (let ((chain (%hash-tail hash chain)))
            (cond ((null? chain) #f)
                  ((same? (entry-key (car chain)) key) (car chain))
                  (else (loop (cdr chain))))))))
    ;; The keys that most programs use have a short way: %find is for all others.
    (define (table-entry table key)
      (let ((entry (%table-find (%state table) key)))
        (if (eq? entry 0)
            (%find table ((%hash-of table) key) key)
            entry)))

    (define (table-change! table)
      (if (not (hash-table-mutable? table))
          (error "this hash table cannot be changed" table)))

    (define (%put-in! buckets entry)
      (let ((index (%hash-index (vector-ref entry 0) (vector-length buckets))))
        (vector-set! buckets index (cons entry (vector-ref buckets index)))))

    (define (%grow! table)
      (let ((ring (%ring table)) (buckets (make-vector (* 2 (vector-length (%buckets table))) '())))
        (let loop ((entry (%after ring)))
          (if (not (eq? entry ring))
              (begin
                (%put-in! buckets entry)
                (loop (%after entry)))))
        (%set-buckets! table buckets)))

    (define (table-put! table key value)
      (let* ((found (%table-find (%state table) key))
             (hash (if (eq? found 0) ((%hash-of table) key) #f))
             (entry (if hash (%find table hash key) found)))
        (if entry
            (set-entry-value! entry value)
            (let* ((hash (or hash (%table-hash (%state table) key)))
                   (ring (%ring table))
                   (entry (vector hash key value #f #f)))
              (if (= (hash-table-size table) (vector-length (%buckets table)))
                  (%grow! table))
              (%join! (%before ring) entry)
              (%join! entry ring)
              (%put-in! (%buckets table) entry)
              (%set-size! table (+ (hash-table-size table) 1))))))

    (define (%without entry chain)
      (if (eq? (car chain) entry) (cdr chain) (cons (car chain) (%without entry (cdr chain)))))

    (define (table-remove! table key)
      (let ((entry (table-entry table key)))
        (and entry
             (let* ((buckets (%buckets table))
                    (index (%hash-index (vector-ref entry 0) (vector-length buckets))))
               (vector-set! buckets index (%without entry (vector-ref buckets index)))
               (%join! (%before entry) (%after entry))
               (%set-size! table (- (hash-table-size table) 1))
               #t))))

    (define (table-clear! table)
      (%join! (%ring table) (%ring table))
      (%set-buckets! table (make-vector 8 '()))
      (%set-size! table 0))

    ;; (f entry result): a removal of the entry itself does not disturb.
    (define (table-fold f result table)
      (let ((ring (%ring table)))
        (let loop ((entry (%after ring)) (result result))
          (if (eq? entry ring)
              result
              (let ((result (f entry result)))
                (loop (%after entry) result))))))

    (define (table-copy table mutable?)
      (let ((copy (make-table (hash-table-equivalence-function table) (hash-table-hash-function table) mutable?)))
        (table-fold (lambda (entry ignored) (table-put! copy (entry-key entry) (entry-value entry))) #f table)
        copy))))
