;; SRFI 125: hash tables. They are walked in the order in which their keys came.
(define-library (srfi 125)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) values apply error call-with-values)
          (schooner table) (srfi 128))
  (export
    make-hash-table hash-table hash-table-unfold alist->hash-table
    hash-table? hash-table-contains? hash-table-exists? hash-table-empty? hash-table=? hash-table-mutable?
    hash-table-ref hash-table-ref/default
    hash-table-set! hash-table-delete! hash-table-intern! hash-table-update! hash-table-update!/default
    hash-table-pop! hash-table-clear!
    hash-table-size hash-table-keys hash-table-values hash-table-entries hash-table-find hash-table-count
    hash-table-map hash-table-for-each hash-table-walk hash-table-map! hash-table-map->list hash-table-fold
    hash-table-prune! hash-table-copy hash-table-empty-copy hash-table->alist
    hash-table-union! hash-table-merge! hash-table-intersection! hash-table-difference! hash-table-xor!
    hash string-hash string-ci-hash hash-by-identity hash-table-equivalence-function hash-table-hash-function)
  (begin
    ;; A comparator; or an equality and perhaps a hash function. What else an implementation could be told is ignored.
    (define (%make how rest mutable?)
      (cond ((comparator? how)
             (make-table (comparator-equality-predicate how)
                         (if (comparator-hashable? how) (comparator-hash-function how) #f)
                         mutable?))
            ((procedure? how)
             (make-table how (if (and (pair? rest) (procedure? (car rest))) (car rest) #f) mutable?))
            (else (error "a hash table needs a comparator or an equality" how))))
    (define (make-hash-table how . rest) (%make how rest #t))

    (define (hash-table comparator . keys-and-values)
      (let ((table (%make comparator '() #f)))
        (let loop ((rest keys-and-values))
          (if (pair? rest)
              (begin
                (if (not (pair? (cdr rest)))
                    (error "a key without a value" (car rest)))
                (if (hash-table-contains? table (car rest))
                    (error "the same key twice" (car rest)))
                (table-put! table (car rest) (car (cdr rest)))
                (loop (cdr (cdr rest))))
              table))))

    (define (hash-table-unfold stop? mapper successor seed how . rest)
      (let ((table (%make how rest #t)))
        (let loop ((seed seed))
          (if (stop? seed)
              table
              (call-with-values (lambda () (mapper seed))
                (lambda (key value)
                  (table-put! table key value)
                  (loop (successor seed))))))))

    ;; The first association of a key is the one that holds.
    (define alist->hash-table
      (case-lambda
        ((alist) (alist->hash-table alist equal?))
        ((alist how . rest)
         (let ((table (%make how rest #t)))
           (let loop ((alist alist))
             (if (pair? alist)
                 (begin
                   (if (not (hash-table-contains? table (car (car alist))))
                       (table-put! table (car (car alist)) (cdr (car alist))))
                   (loop (cdr alist)))
                 table))))))

    ;; --- predicates

    (define hash-table-exists? hash-table-contains?)
    (define (hash-table-empty? table) (= 0 (hash-table-size table)))

    (define (hash-table=? comparator a b)
      (and (= (hash-table-size a) (hash-table-size b))
           (%every (lambda (key value)
                     (and (hash-table-contains? b key)
                          (=? comparator value (hash-table-ref b key))))
                   a)))

    ;; --- change

    (define (hash-table-intern! table key failure)
      (table-change! table)
      (hash-table-ref table
                      key
                      (lambda ()
                        (let ((value (failure)))
                          (table-put! table key value)
                          value))))

    (define (hash-table-pop! table)
      (table-change! table)
      (if (hash-table-empty? table)
          (error "the hash table is empty" table))
      (%first table
              (lambda (key value)
                (table-remove! table key)
                (values key value))))

    (define (hash-table-clear! table)
      (table-change! table)
      (table-clear! table))

    ;; --- the whole table

    ;; (f key value result)
    (define %fold table-fold)
    ;; The associations as they are now.
    (define (%entries table)
      (reverse (table-fold (lambda (key value out) (cons (cons key value) out)) '() table)))
    (define (%fold-right f start table)
      (let loop ((entries (reverse (%entries table))) (result start))
        (if (pair? entries)
            (loop (cdr entries) (f (car (car entries)) (cdr (car entries)) result))
            result)))
    (define (%first table k)
      (let ((entry (car (%entries table))))
        (k (car entry) (cdr entry))))
    (define (%every f table)
      (let loop ((entries (%entries table)))
        (or (null? entries)
            (and (f (car (car entries)) (cdr (car entries))) (loop (cdr entries))))))

    (define (hash-table-keys table) (%fold-right (lambda (key value out) (cons key out)) '() table))
    (define (hash-table-values table) (%fold-right (lambda (key value out) (cons value out)) '() table))
    (define (hash-table->alist table) (%entries table))
    (define (hash-table-entries table) (values (hash-table-keys table) (hash-table-values table)))

    (define hash-table-find
      (case-lambda
        ((f table) (hash-table-find f table (lambda () #f)))
        ((f table failure)
         (let loop ((entries (%entries table)))
           (if (null? entries)
               (failure)
               (or (f (car (car entries)) (cdr (car entries))) (loop (cdr entries))))))))

    (define (hash-table-count matches? table)
      (%fold (lambda (key value count) (if (matches? key value) (+ count 1) count)) 0 table))

    (define (hash-table-map f how table)
      (let ((mapped (%make how '() #t)))
        (%fold (lambda (key value ignored) (table-put! mapped key (f value))) #f table)
        mapped))

    ;; Older programs have the table first.
    (define (hash-table-for-each f table)
      (if (hash-table? f)
          (hash-table-for-each table f)
          (begin
            (%fold (lambda (key value ignored) (f key value)) #f table)
            (%unspecified))))
    (define (hash-table-walk table f) (hash-table-for-each f table))
    (define (hash-table-fold f start table)
      (if (hash-table? f)
          (%fold start table f)
          (%fold f start table)))

    (define (hash-table-map! f table)
      (table-change! table)
      (table-map! f table)
      (%unspecified))
    (define (hash-table-map->list f table)
      (reverse (%fold (lambda (key value out) (cons (f key value) out)) '() table)))
    (define (hash-table-prune! matches? table)
      (table-change! table)
      (%fold (lambda (key value ignored) (if (matches? key value) (table-remove! table key))) #f table)
      (%unspecified))

    (define hash-table-copy
      (case-lambda
        ((table) (table-copy table #f))
        ((table mutable?) (table-copy table mutable?))))
    (define (hash-table-empty-copy table) (table-like table))

    ;; --- as sets of keys; the first table changes, and keeps its own values

    (define (hash-table-union! a b)
      (table-change! a)
      (%fold (lambda (key value ignored) (if (not (hash-table-contains? a key)) (table-put! a key value))) #f b)
      a)
    (define hash-table-merge! hash-table-union!)
    (define (hash-table-intersection! a b)
      (hash-table-prune! (lambda (key value) (not (hash-table-contains? b key))) a)
      a)
    (define (hash-table-difference! a b)
      (hash-table-prune! (lambda (key value) (hash-table-contains? b key)) a)
      a)
    (define (hash-table-xor! a b)
      (table-change! a)
      (%fold (lambda (key value ignored)
               (if (not (table-remove! a key)) (table-put! a key value)))
             #f
             (if (eq? a b) (table-copy b #f) b))
      a)

    ;; --- hash functions of old; by identity they are only as good as an order of objects that nobody may know

    (define (%within value bound)
      (if (and (pair? bound) (exact-integer? (car bound)) (> (car bound) 0))
          (modulo value (car bound))
          value))
    (define (hash x . bound) (%within (default-hash x) bound))
    (define (hash-by-identity x . bound)
      (%within (cond ((or (number? x) (symbol? x) (char? x) (boolean? x) (null? x)) (default-hash x))
                     ((pair? x) 1)
                     ((string? x) 2)
                     ((vector? x) 3)
                     (else 4))
               bound))))
