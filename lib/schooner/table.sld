;; Hash tables that remember the order in which keys came, for (srfi 69), (srfi 125) and (srfi 113). The entries are in
;; the state, which src/schooner/lib/tables.c knows and no script sees. Their order is the only one that a program sees,
;; so that nothing depends on where objects lie. What is here is the equality and the hash of the keys that C leaves to
;; Scheme, and the walk.
(define-library (schooner table)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) values apply error) (srfi 128))
  (export hash-table? make-table table-like table-key table-put! table-remove! table-clear! table-fold table-map!
          table-copy table-change! hash-table-contains? hash-table-ref hash-table-ref/default
          hash-table-set! hash-table-delete! hash-table-update! hash-table-update!/default
          hash-table-size hash-table-mutable? hash-table-equivalence-function hash-table-hash-function
          (rename %ref %table:ref) (rename %ref/default %table:ref/default) (rename %set! %table:set!)
          (rename %delete! %table:delete!) (rename %contains? %table:contains?) (rename %missing %table:missing))
  (begin
    (define-record-type hash-table
      (%table %equality %hash %hash-of %state %mutable?)
      hash-table?
      (%equality hash-table-equivalence-function)
      (%hash hash-table-hash-function)
      (%hash-of %hash-of)
      (%state %state-of)
      (%mutable? hash-table-mutable?))
    (define (hash-table-size table) (%table-size (%state-of table)))

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

    ;; How keys are compared: the numbers of src/schooner/lib/tables.c.
    (define (%kind equality hash)
      (cond ((or (eq? equality eq?) (eq? equality eqv?)) 1)
            ((eq? equality equal?) 2)
            ((and (eq? equality string=?) (eq? hash string-hash)) 3)
            (else 0)))

    ;; A hash function of no use, #f, is for those equalities that bring their own.
    (define (make-table equality hash mutable?)
      (let ((hash (or hash
                      (cond ((eq? equality string=?) string-hash)
                            ((eq? equality string-ci=?) string-ci-hash)
                            (else default-hash)))))
        (%table equality
                hash
                (cond ((or (eq? equality eq?) (eq? equality eqv?)) %hash-by-identity)
                      ((or (eq? equality equal?) (eq? hash default-hash)) %hash-by-structure)
                      (else (%hash-by hash)))
                (%make-table (%kind equality hash))
                mutable?)))
    (define (table-like table)
      (make-table (hash-table-equivalence-function table) (hash-table-hash-function table) #t))

    ;; --- a key. Where C leaves it to Scheme, it gives the state itself.

    ;; The number of its entry, or #f.
    (define (%find table hash key)
      (let ((state (%state-of table)) (same? (hash-table-equivalence-function table)))
        (let loop ((at (%table-candidate state hash 0)))
          (and at
               (if (same? (%table-key (%table-entries state) at) key)
                   at
                   (loop (%table-candidate state hash at)))))))
    (define (%entry table key)
      (let* ((state (%state-of table)) (at (%table-find state key)))
        (if (eq? at state)
            (%find table ((%hash-of table) key) key)
            at)))
    (define (%slow-ref table key default)
      (let ((at (%entry table key)))
        (if at (%table-value (%table-entries (%state-of table)) at) default)))
    (define (%slow-put! table key value)
      (let* ((hash ((%hash-of table) key)) (at (%find table hash key)))
        (if at
            (%table-set! (%state-of table) at value)
            (%table-add! (%state-of table) hash key value))))
    (define (%slow-remove! table key)
      (let ((at (%entry table key)))
        (and at
             (begin
               (%table-drop! (%state-of table) at)
               #t))))

    (define (%ref/default table key default) (%slow-ref table key default))
    (define (%contains? table key) (if (%entry table key) #t #f))
    ;; The key as it is in the table.
    (define (table-key table key default)
      (let ((at (%entry table key)))
        (if at (%table-key (%table-entries (%state-of table)) at) default)))
    (define (table-put! table key value)
      (let ((state (%state-of table)))
        (if (eq? (%table-put! state key value) state) (%slow-put! table key value))))
    ;; Was it there?
    (define (table-remove! table key)
      (let* ((state (%state-of table)) (gone (%table-remove! state key)))
        (if (eq? gone state) (%slow-remove! table key) gone)))

    (define (table-change! table)
      (if (not (hash-table-mutable? table))
          (error "this hash table cannot be changed" table)))

    ;; --- what the SRFIs share. The primitives of these names do what these here do, where the key is one of C's; else
    ;; they call these.

    (define (%missing table key) (error "the hash table has no such key" key))
    (define %ref
      (case-lambda
        ((table key) (%ref table key #f #f))
        ((table key failure) (%ref table key failure #f))
        ((table key failure success)
         ;; the state is what no value can be
         (let* ((state (%state-of table))
                (found (%table-ref state key state))
                (value (if (eq? found state) (%slow-ref table key state) found)))
           (cond ((eq? value state) (if failure (failure) (error "the hash table has no such key" key)))
                 (success (success value))
                 (else value))))))

    (define (%set-all! table rest)
      (if (pair? rest)
          (begin
            (if (not (pair? (cdr rest)))
                (error "a key without a value" (car rest)))
            (table-put! table (car rest) (car (cdr rest)))
            (%set-all! table (cdr (cdr rest))))))
    (define %set!
      (case-lambda
        ((table key value)
         (table-change! table)
         (let ((state (%state-of table)))
           (if (eq? (%table-put! state key value) state) (%slow-put! table key value))))
        ((table . rest) (table-change! table) (%set-all! table rest))))

    (define %delete!
      (case-lambda
        ((table key) (table-change! table) (if (table-remove! table key) 1 0))
        ((table . keys)
         (table-change! table)
         (let loop ((keys keys) (count 0))
           (if (pair? keys)
               (loop (cdr keys) (if (table-remove! table (car keys)) (+ count 1) count))
               count)))))

    (define hash-table-update!
      (case-lambda
        ((table key updater) (hash-table-update! table key updater #f #f))
        ((table key updater failure) (hash-table-update! table key updater failure #f))
        ((table key updater failure success)
         (table-change! table)
         (table-put! table key (updater (hash-table-ref table key failure success))))))

    (define (hash-table-update!/default table key updater default)
      (table-change! table)
      (table-put! table key (updater (hash-table-ref/default table key default))))

    ;; --- the whole table

    (define (table-clear! table) (%table-clear! (%state-of table)))

    ;; (f key value result): a removal of the entry itself does not disturb. What f puts in comes later.
    (define (table-fold f result table)
      (let ((state (%state-of table)))
        (let loop ((entries (%table-entries state)) (number 1) (result result))
          (let ((now (%table-entries state)))
            (if (eq? entries now)
                (let ((at (%table-next entries number)))
                  (if at
                      (let ((result (f (%table-key entries at) (%table-value entries at) result)))
                        (loop entries (+ at 1) result))
                      result))
                (loop now (%table-moved entries number) result))))))

    ;; Each value becomes (f key value).
    (define (table-map! f table)
      (table-fold (lambda (key value ignored) (table-put! table key (f key value))) #f table))

    (define (table-copy table mutable?)
      (let ((copy (make-table (hash-table-equivalence-function table) (hash-table-hash-function table) mutable?)))
        (table-fold (lambda (key value ignored) (table-put! copy key value)) #f table)
        copy))))
