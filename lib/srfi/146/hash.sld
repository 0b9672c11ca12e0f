;; SRFI 146: hashmaps, persistent: a mapping from hashes to association lists. For keys that have a hash function and no
;; order. The names with `!` are the same procedures.
(define-library (srfi 146 hash)
  (import (schooner primitives) (schooner syntax)
          (only (schooner kernel) values apply error call-with-values fold-left filter)
          (srfi 128) (prefix (srfi 146) tree-))
  (export
    hashmap hashmap-unfold hashmap? hashmap-contains? hashmap-empty? hashmap-disjoint?
    hashmap-ref hashmap-ref/default hashmap-key-comparator
    hashmap-adjoin hashmap-adjoin! hashmap-set hashmap-set! hashmap-replace hashmap-replace!
    hashmap-delete hashmap-delete! hashmap-delete-all hashmap-delete-all! hashmap-intern hashmap-intern!
    hashmap-update hashmap-update! hashmap-update/default hashmap-update!/default
    hashmap-pop hashmap-pop! hashmap-search hashmap-search!
    hashmap-size hashmap-find hashmap-count hashmap-any? hashmap-every?
    hashmap-keys hashmap-values hashmap-entries
    hashmap-map hashmap-map->list hashmap-for-each hashmap-fold
    hashmap-filter hashmap-filter! hashmap-remove hashmap-remove! hashmap-partition hashmap-partition!
    hashmap-copy hashmap->alist alist->hashmap alist->hashmap!
    hashmap=? hashmap<? hashmap>? hashmap<=? hashmap>=?
    hashmap-union hashmap-union! hashmap-intersection hashmap-intersection!
    hashmap-difference hashmap-difference! hashmap-xor hashmap-xor!
    make-hashmap-comparator hashmap-comparator comparator?)
  (begin
    (define-record-type <hashmap>
      (%hashmap %comparator %tree %size)
      hashmap?
      (%comparator hashmap-key-comparator)
      (%tree %tree)
      (%size hashmap-size))

    (define %integers (make-comparator exact-integer? = < #f))
    (define (%empty comparator)
      (if (not (comparator-hashable? comparator))
          (error "a hashmap needs a comparator with a hash function" comparator))
      (%register-default hashmap-comparator)
      (%hashmap comparator (tree-mapping %integers) 0))

    (define (%hash m key) (comparator-hash (hashmap-key-comparator m) key))
    (define (%chain m key) (tree-mapping-ref/default (%tree m) (%hash m key) '()))
    (define (%find m key)
      (let ((same? (comparator-equality-predicate (hashmap-key-comparator m))))
        (let loop ((chain (%chain m key)))
          (cond ((null? chain) #f)
                ((same? (car (car chain)) key) (car chain))
                (else (loop (cdr chain)))))))
    (define (%with-chain m key chain change)
      (%hashmap (hashmap-key-comparator m)
                (if (null? chain)
                    (tree-mapping-delete (%tree m) (%hash m key))
                    (tree-mapping-set (%tree m) (%hash m key) chain))
                (+ (hashmap-size m) change)))
    (define (%put m key value)
      (let ((found (%find m key)))
        (%with-chain m key
                     (cons (cons key value)
                           (if found (%others found (%chain m key)) (%chain m key)))
                     (if found 0 1))))
    (define (%others found chain) (filter (lambda (pair) (not (eq? pair found))) chain))
    (define (%drop m key)
      (let ((found (%find m key)))
        (if found (%with-chain m key (%others found (%chain m key)) -1) m)))

    ;; (f key value result)
    (define (hashmap-fold f start m)
      (tree-mapping-fold (lambda (hash chain result)
                           (fold-left (lambda (result pair) (f (car pair) (cdr pair) result)) result chain))
                         start
                         (%tree m)))
    (define (hashmap->alist m)
      (reverse (hashmap-fold (lambda (key value out) (cons (cons key value) out)) '() m)))

    ;; --- constructors

    (define (%put-all m rest put)
      (cond ((null? rest) m)
            ((null? (cdr rest)) (error "a key without a value" (car rest)))
            (else (%put-all (put m (car rest) (car (cdr rest))) (cdr (cdr rest)) put))))
    (define (%adjoin m key value) (if (%find m key) m (%put m key value)))
    (define (%replace m key value) (if (%find m key) (%put m key value) m))

    (define (hashmap comparator . rest) (%put-all (%empty comparator) rest %adjoin))
    (define (hashmap-unfold stop? mapper successor seed comparator)
      (let loop ((m (%empty comparator)) (seed seed))
        (if (stop? seed)
            m
            (call-with-values (lambda () (mapper seed))
              (lambda (key value) (loop (%adjoin m key value) (successor seed)))))))
    (define (alist->hashmap comparator alist) (alist->hashmap! (%empty comparator) alist))
    (define (alist->hashmap! m alist)
      (fold-left (lambda (m pair) (%adjoin m (car pair) (cdr pair))) m alist))
    (define (hashmap-copy m) m)

    ;; --- predicates and access

    (define (hashmap-contains? m key) (if (%find m key) #t #f))
    (define (hashmap-empty? m) (= 0 (hashmap-size m)))
    (define (hashmap-disjoint? a b) (not (hashmap-any? (lambda (key value) (%find b key)) a)))
    (define hashmap-ref
      (case-lambda
        ((m key) (hashmap-ref m key (lambda () (error "the hashmap has no such key" key)) (lambda (value) value)))
        ((m key failure) (hashmap-ref m key failure (lambda (value) value)))
        ((m key failure success)
         (let ((found (%find m key)))
           (if found (success (cdr found)) (failure))))))
    (define (hashmap-ref/default m key default)
      (let ((found (%find m key)))
        (if found (cdr found) default)))

    ;; --- updaters

    (define (hashmap-adjoin m . rest) (%put-all m rest %adjoin))
    (define (hashmap-set m . rest) (%put-all m rest %put))
    (define (hashmap-replace m key value) (%replace m key value))
    (define (hashmap-delete m . keys) (hashmap-delete-all m keys))
    (define (hashmap-delete-all m keys) (fold-left %drop m keys))
    (define (hashmap-intern m key failure)
      (let ((found (%find m key)))
        (if found
            (values m (cdr found))
            (let ((value (failure)))
              (values (%put m key value) value)))))
    (define (hashmap-update m key updater . rest)
      (%put m key (updater (apply hashmap-ref m key rest))))
    (define (hashmap-update/default m key updater default)
      (%put m key (updater (hashmap-ref/default m key default))))
    (define hashmap-pop
      (case-lambda
        ((m) (hashmap-pop m (lambda () (error "the hashmap is empty" m))))
        ((m failure)
         (if (hashmap-empty? m)
             (failure)
             (let ((pair (car (car (tree-mapping-values (%tree m))))))
               (values (%drop m (car pair)) (car pair) (cdr pair)))))))
    (define (hashmap-search m key failure success)
      (let ((found (%find m key)))
        (if found
            (success (car found) (cdr found)
                     (lambda (new-key value object) (values (%put (%drop m key) new-key value) object))
                     (lambda (object) (values (%drop m key) object)))
            (failure (lambda (value object) (values (%put m key value) object))
                     (lambda (object) (values m object))))))

    ;; --- the whole

    (define (hashmap-find found? m failure)
      (let loop ((pairs (hashmap->alist m)))
        (cond ((null? pairs) (failure))
              ((found? (car (car pairs)) (cdr (car pairs))) (values (car (car pairs)) (cdr (car pairs))))
              (else (loop (cdr pairs))))))
    (define (hashmap-count counts? m)
      (hashmap-fold (lambda (key value count) (if (counts? key value) (+ count 1) count)) 0 m))
    (define (hashmap-any? found? m)
      (let loop ((pairs (hashmap->alist m)))
        (and (pair? pairs)
             (or (and (found? (car (car pairs)) (cdr (car pairs))) #t) (loop (cdr pairs))))))
    (define (hashmap-every? good? m) (not (hashmap-any? (lambda (key value) (not (good? key value))) m)))
    (define (hashmap-map->list f m)
      (reverse (hashmap-fold (lambda (key value out) (cons (f key value) out)) '() m)))
    (define (hashmap-keys m) (hashmap-map->list (lambda (key value) key) m))
    (define (hashmap-values m) (hashmap-map->list (lambda (key value) value) m))
    (define (hashmap-entries m) (values (hashmap-keys m) (hashmap-values m)))
    (define (hashmap-map f comparator m)
      (hashmap-fold (lambda (key value out)
                      (call-with-values (lambda () (f key value))
                        (lambda (key value) (%adjoin out key value))))
                    (%empty comparator)
                    m))
    (define (hashmap-for-each f m)
      (hashmap-fold (lambda (key value ignored) (f key value)) #f m)
      (%unspecified))
    (define (hashmap-remove drop? m)
      (hashmap-fold (lambda (key value out) (if (drop? key value) (%drop out key) out)) m m))
    (define (hashmap-filter keep? m) (hashmap-remove (lambda (key value) (not (keep? key value))) m))
    (define (hashmap-partition in? m) (values (hashmap-filter in? m) (hashmap-remove in? m)))

    ;; --- comparing: the pairs of one are among those of the other

    (define (%within? values-comparator a b)
      (hashmap-every? (lambda (key value)
                        (let ((found (%find b key)))
                          (and found (=? values-comparator value (cdr found)))))
                      a))
    (define (%chain-of holds?)
      (lambda (comparator first . rest)
        (let loop ((a first) (rest rest))
          (or (null? rest)
              (and (holds? comparator a (car rest)) (loop (car rest) (cdr rest)))))))
    (define hashmap<=? (%chain-of %within?))
    (define hashmap>=? (%chain-of (lambda (c a b) (%within? c b a))))
    (define hashmap=?
      (%chain-of (lambda (c a b)
                   (and (eq? (hashmap-key-comparator a) (hashmap-key-comparator b))
                        (= (hashmap-size a) (hashmap-size b))
                        (%within? c a b)))))
    (define hashmap<? (%chain-of (lambda (c a b) (and (< (hashmap-size a) (hashmap-size b)) (%within? c a b)))))
    (define hashmap>? (%chain-of (lambda (c a b) (and (> (hashmap-size a) (hashmap-size b)) (%within? c b a)))))

    ;; --- combining

    (define (hashmap-union first . rest)
      (fold-left (lambda (a b) (hashmap-fold (lambda (key value out) (%adjoin out key value)) a b)) first rest))
    (define (hashmap-intersection first . rest)
      (fold-left (lambda (a b) (hashmap-filter (lambda (key value) (%find b key)) a)) first rest))
    (define (hashmap-difference first . rest)
      (fold-left (lambda (a b) (hashmap-remove (lambda (key value) (%find b key)) a)) first rest))
    (define (hashmap-xor a b)
      (hashmap-union (hashmap-difference a b) (hashmap-difference b a)))

    ;; --- comparators: of their values, with the hash of the keys and the values

    (define (make-hashmap-comparator comparator)
      (make-comparator hashmap?
                       (lambda (a b) (hashmap=? comparator a b))
                       #f
                       (lambda (m)
                         (hashmap-fold (lambda (key value sum)
                                         (modulo (+ sum (%hash m key) (* 31 (comparator-hash comparator value))) 33554393))
                                       0
                                       m))))
    (define hashmap-comparator (make-hashmap-comparator (make-default-comparator)))

    (define hashmap-adjoin! hashmap-adjoin)
    (define hashmap-set! hashmap-set)
    (define hashmap-replace! hashmap-replace)
    (define hashmap-delete! hashmap-delete)
    (define hashmap-delete-all! hashmap-delete-all)
    (define hashmap-intern! hashmap-intern)
    (define hashmap-update! hashmap-update)
    (define hashmap-update!/default hashmap-update/default)
    (define hashmap-pop! hashmap-pop)
    (define hashmap-search! hashmap-search)
    (define hashmap-filter! hashmap-filter)
    (define hashmap-remove! hashmap-remove)
    (define hashmap-partition! hashmap-partition)
    (define hashmap-union! hashmap-union)
    (define hashmap-intersection! hashmap-intersection)
    (define hashmap-difference! hashmap-difference)
    (define hashmap-xor! hashmap-xor)))
