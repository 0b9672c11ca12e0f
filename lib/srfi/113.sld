;; SRFI 113: sets and bags over hash tables: an element and how often it is in there. Both are the same inside, so most
;; procedures are written once; what is not named with `!` makes a new one. Elements come in the order in which they
;; were put in.
(define-library (srfi 113)
  (import (schooner primitives) (schooner syntax)
          (only (schooner kernel) values apply error call-with-values for-each fold-left)
          (schooner table) (srfi 128))
  (export
    set set-unfold set? set-contains? set-empty? set-disjoint? set-member set-element-comparator
    set-adjoin set-adjoin! set-replace set-replace! set-delete set-delete! set-delete-all set-delete-all! set-search!
    set-size set-find set-count set-any? set-every? set-map set-for-each set-fold
    set-filter set-filter! set-remove set-remove! set-partition set-partition!
    set-copy set->list list->set list->set! set=? set<? set>? set<=? set>=?
    set-union set-intersection set-difference set-xor set-union! set-intersection! set-difference! set-xor!
    set-comparator
    bag bag-unfold bag? bag-contains? bag-empty? bag-disjoint? bag-member bag-element-comparator
    bag-adjoin bag-adjoin! bag-replace bag-replace! bag-delete bag-delete! bag-delete-all bag-delete-all! bag-search!
    bag-size bag-find bag-count bag-any? bag-every? bag-map bag-for-each bag-fold
    bag-filter bag-filter! bag-remove bag-remove! bag-partition bag-partition!
    bag-copy bag->list list->bag list->bag! bag=? bag<? bag>? bag<=? bag>=?
    bag-union bag-intersection bag-difference bag-xor bag-union! bag-intersection! bag-difference! bag-xor!
    bag-comparator
    bag-sum bag-sum! bag-product bag-product! bag-unique-size bag-element-count
    bag-for-each-unique bag-fold-unique bag-increment! bag-decrement!
    bag->set set->bag set->bag! bag->alist alist->bag)
  (begin
    (define-record-type <set> (%set %comparator %table) set? (%comparator %set-comparator) (%table %set-table))
    (define-record-type <bag> (%bag %comparator %table) bag? (%comparator %bag-comparator) (%table %bag-table))
    (define %many? bag?)
    (define (%table c) (if (bag? c) (%bag-table c) (%set-table c)))
    (define (set-element-comparator c) (if (bag? c) (%bag-comparator c) (%set-comparator c)))
    (define (%collection comparator table many?) ((if many? %bag %set) comparator table))
    (define bag-element-comparator set-element-comparator)

    (define (%empty comparator many?)
      (%collection comparator
                   (make-table (comparator-equality-predicate comparator)
                               (and (comparator-hashable? comparator) (comparator-hash-function comparator))
                               #t)
                   many?))
    (define (%like c) (%empty (set-element-comparator c) (%many? c)))

    (define (%count c element)
      (hash-table-ref/default (%table c) element 0))
    ;; An element is there as often as `count` says; the one that was there first stays.
    (define (%set-count! c element count)
      (if (<= count 0)
          (table-remove! (%table c) element)
          (table-put! (%table c) element (if (%many? c) count 1))))
    (define (%add! c element count)
      (%set-count! c element (+ (%count c element) count)))
    (define (%check-count who n)
      (if (not (and (exact-integer? n) (>= n 0)))
          (%raise-type who 3 "an exact integer that is not negative" n)))

    ;; (f element count result)
    (define (%fold f start c)
      (table-fold f start (%table c)))
    (define (%entries c)
      (reverse (table-fold (lambda (element count out) (cons (cons element count) out)) '() (%table c))))
    (define (%repeat f count result)
      (if (> count 0) (%repeat f (- count 1) (f result)) result))

    ;; --- constructors

    (define (%fill! c elements)
      (for-each (lambda (element) (%add! c element 1)) elements)
      c)
    (define (set comparator . elements) (%fill! (%empty comparator #f) elements))
    (define (bag comparator . elements) (%fill! (%empty comparator #t) elements))
    (define (list->set comparator elements) (%fill! (%empty comparator #f) elements))
    (define (list->bag comparator elements) (%fill! (%empty comparator #t) elements))
    (define (list->set! c elements) (%fill! c elements))
    (define (list->bag! c elements) (%fill! c elements))

    ;; The comparator stands first, or last, as in some implementations.
    (define (%unfold many?)
      (lambda (a b c d e)
        (if (comparator? a)
            (%unfold-into (%empty a many?) b c d e)
            (%unfold-into (%empty e many?) a b c d))))
    (define (%unfold-into c stop? mapper successor seed)
      (if (stop? seed)
          c
          (begin
            (%add! c (mapper seed) 1)
            (%unfold-into c stop? mapper successor (successor seed)))))
    (define set-unfold (%unfold #f))
    (define bag-unfold (%unfold #t))

    (define (set-copy c)
      (%collection (set-element-comparator c) (table-copy (%table c) #t) (%many? c)))

    ;; --- predicates and access

    (define (set-contains? c element) (> (%count c element) 0))
    (define (set-empty? c) (= 0 (hash-table-size (%table c))))
    (define (set-disjoint? a b)
      (not (%any? (lambda (element) (set-contains? b element)) a)))
    (define (set-member c element default)
      (table-key (%table c) element default))

    ;; --- one element more or less

    (define (set-adjoin! c . elements) (%fill! c elements))
    (define (set-replace! c . elements)
      (for-each (lambda (element)
                  (let ((count (%count c element)))
                    (if (> count 0)
                        (begin
                          (table-remove! (%table c) element)
                          (%set-count! c element count)))))
                elements)
      c)
    (define (set-delete-all! c elements)
      (for-each (lambda (element) (%add! c element -1)) elements)
      c)
    (define (set-delete! c . elements) (set-delete-all! c elements))
    (define (%on-copy change!)
      (lambda (c . rest) (apply change! (set-copy c) rest)))
    (define set-adjoin (%on-copy set-adjoin!))
    (define set-replace (%on-copy set-replace!))
    (define set-delete (%on-copy set-delete!))
    (define set-delete-all (%on-copy set-delete-all!))

    (define (set-search! c element failure success)
      (let ((table (%table c)))
        (if (hash-table-contains? table element)
            (let ((found (table-key table element #f)))
              (success found
                       (lambda (new object)
                         (let ((count (%count c found)))
                           (table-remove! (%table c) found)
                           (%set-count! c new count))
                         (values c object))
                       (lambda (object)
                         (%add! c found -1)
                         (values c object))))
            (failure (lambda (object)
                       (%add! c element 1)
                       (values c object))
                     (lambda (object) (values c object))))))

    ;; --- the whole

    (define (set-size c) (%fold (lambda (element count sum) (+ count sum)) 0 c))
    (define (set-find found? c failure)
      (let loop ((entries (%entries c)))
        (cond ((null? entries) (failure))
              ((found? (car (car entries))) (car (car entries)))
              (else (loop (cdr entries))))))
    (define (set-count counts? c)
      (%fold (lambda (element count sum) (if (counts? element) (+ sum count) sum)) 0 c))
    (define (%any? found? c)
      (let loop ((entries (%entries c)))
        (and (pair? entries)
             (or (found? (car (car entries))) (loop (cdr entries))))))
    (define (set-any? found? c) (if (%any? found? c) #t #f))
    (define (set-every? good? c) (not (%any? (lambda (element) (not (good? element))) c)))

    (define (set-map comparator f c)
      (let ((mapped (%empty comparator (%many? c))))
        (%fold (lambda (element count ignored) (%add! mapped (f element) count)) #f c)
        mapped))
    (define (set-fold f start c)
      (%fold (lambda (element count result) (%repeat (lambda (result) (f element result)) count result)) start c))
    (define (set-for-each f c)
      (set-fold (lambda (element ignored) (f element)) #f c)
      (%unspecified))
    (define (set->list c) (reverse (set-fold cons '() c)))

    (define (set-filter! keep? c)
      (%fold (lambda (element count ignored) (if (not (keep? element)) (%set-count! c element 0))) #f c)
      c)
    (define (set-remove! drop? c) (set-filter! (lambda (element) (not (drop? element))) c))
    (define (set-filter keep? c) (set-filter! keep? (set-copy c)))
    (define (set-remove drop? c) (set-remove! drop? (set-copy c)))
    (define (set-partition in? c)
      (let ((yes (%like c)) (no (%like c)))
        (%fold (lambda (element count ignored) (%set-count! (if (in? element) yes no) element count)) #f c)
        (values yes no)))
    (define (set-partition! in? c)
      (let ((no (%like c)))
        (%fold (lambda (element count ignored)
                 (if (not (in? element))
                     (begin
                       (%set-count! no element count)
                       (%set-count! c element 0))))
               #f
               c)
        (values c no)))

    ;; --- comparing: as often in one as in the other, or less often

    (define (%within? a b)
      (let loop ((entries (%entries a)))
        (or (null? entries)
            (and (<= (cdr (car entries)) (%count b (car (car entries))))
                 (loop (cdr entries))))))
    ;; Two of different comparators do not agree on what is the same element.
    (define (%check-same a b)
      (if (not (%comparator-same? (set-element-comparator a) (set-element-comparator b)))
          (error "the elements of these are compared by different comparators" a b)))
    (define (%chain holds?)
      (lambda (first . rest)
        (let loop ((a first) (rest rest))
          (or (null? rest)
              (begin
                (%check-same a (car rest))
                (and (holds? a (car rest)) (loop (car rest) (cdr rest))))))))
    (define set<=? (%chain %within?))
    (define set>=? (%chain (lambda (a b) (%within? b a))))
    (define set=? (%chain (lambda (a b) (and (%within? a b) (%within? b a)))))
    (define set<? (%chain (lambda (a b) (and (%within? a b) (not (%within? b a))))))
    (define set>? (%chain (lambda (a b) (and (%within? b a) (not (%within? a b))))))

    ;; --- combining: the first changes; (f count-in-a count-in-b) is how often it is there then

    (define (%combine! f with-b?)
      (lambda (first . rest)
        (fold-left
         (lambda (a b)
           (%check-same a b)
           (let ((b (if (eq? a b) (set-copy b) b)))
             (%fold (lambda (element count ignored) (%set-count! a element (f count (%count b element)))) #f a)
             (if with-b?
                 (%fold (lambda (element count ignored)
                          (if (not (set-contains? a element))
                              (%set-count! a element (f 0 count))))
                        #f
                        b))
             a))
         first
         rest)))
    (define set-union! (%combine! max #t))
    (define set-intersection! (%combine! min #f))
    (define set-difference! (%combine! - #f))
    ;; What is as often in both must not come back from the second.
    (define (set-xor! a b)
      (%check-same a b)
      (let ((b (set-copy b)))
        (%fold (lambda (element count ignored)
                 (%set-count! a element (abs (- (%count a element) count))))
               #f
               b)
        a))
    (define bag-sum! (%combine! + #t))
    (define set-union (%on-copy set-union!))
    (define set-intersection (%on-copy set-intersection!))
    (define set-difference (%on-copy set-difference!))
    (define set-xor (%on-copy set-xor!))
    (define bag-sum (%on-copy bag-sum!))

    ;; --- comparators of sets and bags; without an order, since that of subsets is none of all of them

    (define (%hash c)
      (let ((hash (comparator-hash-function (set-element-comparator c))))
        (%fold (lambda (element count sum) (modulo (+ sum (* count (hash element))) 33554393)) 0 c)))
    (define set-comparator (make-comparator set? set=? #f %hash))
    (define bag-comparator (make-comparator bag? set=? #f %hash))

    ;; --- what only bags have

    (define (bag-product! n b)
      (%check-count 'bag-product! n)
      (%fold (lambda (element count ignored) (%set-count! b element (* n count))) #f b)
      b)
    (define (bag-product n b) (bag-product! n (set-copy b)))
    (define (bag-unique-size b) (hash-table-size (%table b)))
    (define (bag-element-count c element) (%count c element))
    (define (bag-for-each-unique f b)
      (%fold (lambda (element count ignored) (f element count)) #f b)
      (%unspecified))
    (define (bag-fold-unique f start c) (%fold f start c))
    (define (bag-increment! b element count)
      (%check-count 'bag-increment! count)
      (%add! b element count)
      b)
    (define (bag-decrement! b element count)
      (%check-count 'bag-decrement! count)
      (%add! b element (- count))
      b)
    (define (bag->set b)
      (let ((s (%empty (set-element-comparator b) #f)))
        (%fold (lambda (element count ignored) (%add! s element 1)) #f b)
        s))
    (define (set->bag! b s)
      (%fold (lambda (element count ignored) (%add! b element 1)) #f s)
      b)
    (define (set->bag s) (set->bag! (%empty (set-element-comparator s) #t) s))
    (define (bag->alist b)
      (reverse (%fold (lambda (element count out) (cons (cons element count) out)) '() b)))
    (define (alist->bag comparator alist)
      (let ((b (%empty comparator #t)))
        (for-each (lambda (pair)
                    (%check-count 'alist->bag (cdr pair))
                    (if (not (set-contains? b (car pair)))
                        (%add! b (car pair) (cdr pair))))
                  alist)
        b))

    ;; --- the same by the names of bags, and what may change its argument but need not

    (define bag-contains? set-contains?)
    (define bag-empty? set-empty?)
    (define bag-disjoint? set-disjoint?)
    (define bag-member set-member)
    (define bag-adjoin set-adjoin)
    (define bag-adjoin! set-adjoin!)
    (define bag-replace set-replace)
    (define bag-replace! set-replace!)
    (define bag-delete set-delete)
    (define bag-delete! set-delete!)
    (define bag-delete-all set-delete-all)
    (define bag-delete-all! set-delete-all!)
    (define bag-search! set-search!)
    (define bag-size set-size)
    (define bag-find set-find)
    (define bag-count set-count)
    (define bag-any? set-any?)
    (define bag-every? set-every?)
    (define bag-map set-map)
    (define bag-for-each set-for-each)
    (define bag-fold set-fold)
    (define bag-filter set-filter)
    (define bag-filter! set-filter!)
    (define bag-remove set-remove)
    (define bag-remove! set-remove!)
    (define bag-partition set-partition)
    (define bag-partition! set-partition!)
    (define bag-copy set-copy)
    (define bag->list set->list)
    (define bag=? set=?)
    (define bag<? set<?)
    (define bag>? set>?)
    (define bag<=? set<=?)
    (define bag>=? set>=?)
    (define bag-union set-union)
    (define bag-union! set-union!)
    (define bag-intersection set-intersection)
    (define bag-intersection! set-intersection!)
    (define bag-difference set-difference)
    (define bag-difference! set-difference!)
    (define bag-xor set-xor)
    (define bag-xor! set-xor!)))
