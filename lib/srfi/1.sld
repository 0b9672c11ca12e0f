;; SRFI 1: lists. The names with `!` are allowed to reuse their arguments, and do not.
(define-library (srfi 1)
  (import (schooner primitives) (schooner syntax)
          (only (schooner kernel) map for-each member assoc iota list-tabulate values apply error))
  (export
    cons list xcons cons* make-list list-tabulate list-copy circular-list iota
    pair? null? proper-list? circular-list? dotted-list? not-pair? null-list? list=
    car cdr caar cadr cdar cddr caaar caadr cadar caddr cdaar cdadr cddar cdddr
    caaaar caaadr caadar caaddr cadaar cadadr caddar cadddr cdaaar cdaadr cdadar cdaddr cddaar cddadr cdddar cddddr
    list-ref first second third fourth fifth sixth seventh eighth ninth tenth
    car+cdr take drop take-right drop-right take! drop-right! split-at split-at! last last-pair
    length length+ append concatenate reverse append! concatenate! reverse! append-reverse append-reverse!
    zip unzip1 unzip2 unzip3 unzip4 unzip5 count
    map for-each fold unfold pair-fold reduce fold-right unfold-right pair-fold-right reduce-right
    append-map append-map! map! map-in-order pair-for-each filter-map
    filter partition remove filter! partition! remove!
    member memq memv find find-tail any every list-index
    take-while drop-while take-while! span break span! break!
    delete delete-duplicates delete! delete-duplicates!
    assq assv assoc alist-cons alist-copy alist-delete alist-delete!
    lset<= lset= lset-adjoin lset-union lset-union! lset-intersection lset-intersection!
    lset-difference lset-difference! lset-xor lset-xor!
    lset-diff+intersection lset-diff+intersection!
    set-car! set-cdr!)
  (begin

    ;; Whether a loop over a list that must be proper (or endless) is at its end.
    (define (%end? l who)
      (cond ((pair? l) #f)
            ((null? l) #t)
            (else (%raise-type who 1 "a list" l))))

    (define (%check-procedure who f)
      (if (not (procedure? f)) (%raise-type who 1 "a procedure" f)))

    (define (%all-pairs? lists)
      (or (null? lists)
          (and (pair? (car lists)) (%all-pairs? (cdr lists)))))

    (define (%cars lists) (map car lists))
    (define (%cdrs lists) (map cdr lists))

    ;; The heads of the lists with `last` behind.
    (define (%cars+ lists last)
      (if (pair? lists)
          (cons (car (car lists)) (%cars+ (cdr lists) last))
          (list last)))

    ;; --- constructors

    (define (xcons d a) (cons a d))

    (define (circular-list first . rest)
      (let ((l (cons first rest)))
        (set-cdr! (last-pair l) l)
        l))

    ;; --- predicates

    ;; The last cdr of a list, or #t when it is circular.
    (define (%tail-of x)
      (let loop ((x x) (slow x))
        (if (not (pair? x))
            x
            (let ((x (cdr x)))
              (if (not (pair? x))
                  x
                  (let ((x (cdr x)) (slow (cdr slow)))
                    (if (eq? x slow) (if (pair? x) %circular x) (loop x slow))))))))
    (define %circular (list 'circular))

    (define (proper-list? x) (null? (%tail-of x)))
    (define (circular-list? x) (eq? (%tail-of x) %circular))
    (define (dotted-list? x)
      (let ((tail (%tail-of x)))
        (not (or (null? tail) (eq? tail %circular)))))
    (define (not-pair? x) (not (pair? x)))
    (define (null-list? l . who) (%end? l 'null-list?))

    (define (list= same? . lists)
      (define (same-lists? a b)
        (or (eq? a b)
            (let loop ((a a) (b b))
              (if (%end? a 'list=)
                  (%end? b 'list=)
                  (and (not (%end? b 'list=))
                       (same? (car a) (car b))
                       (loop (cdr a) (cdr b)))))))
      (or (null? lists)
          (let loop ((a (car lists)) (rest (cdr lists)))
            (or (null? rest)
                (and (same-lists? a (car rest))
                     (loop (car rest) (cdr rest)))))))

    ;; --- selectors

    (define (first l) (car l))
    (define (second l) (cadr l))
    (define (third l) (caddr l))
    (define (fourth l) (cadddr l))
    (define (fifth l) (car (cddddr l)))
    (define (sixth l) (cadr (cddddr l)))
    (define (seventh l) (caddr (cddddr l)))
    (define (eighth l) (cadddr (cddddr l)))
    (define (ninth l) (car (cddddr (cddddr l))))
    (define (tenth l) (cadr (cddddr (cddddr l))))

    (define (car+cdr pair) (values (car pair) (cdr pair)))

    (define (%check-count who k)
      (if (not (and (exact-integer? k) (>= k 0)))
          (%raise-type who 2 "a count" k)))

    (define (take l k)
      (%check-count 'take k)
      (let loop ((l l) (k k))
        (if (= k 0) '() (cons (car l) (loop (cdr l) (- k 1))))))

    (define (drop l k)
      (%check-count 'drop k)
      (list-tail l k))

    (define (take-right l k)
      (let loop ((lag l) (lead (drop l k)))
        (if (pair? lead) (loop (cdr lag) (cdr lead)) lag)))

    (define (drop-right l k)
      (let loop ((lag l) (lead (drop l k)))
        (if (pair? lead)
            (cons (car lag) (loop (cdr lag) (cdr lead)))
            '())))

    (define (split-at l k)
      (%check-count 'split-at k)
      (let loop ((l l) (k k) (head '()))
        (if (= k 0)
            (values (reverse head) l)
            (loop (cdr l) (- k 1) (cons (car l) head)))))

    (define take! take)
    (define drop-right! drop-right)
    (define split-at! split-at)

    (define (last l) (car (last-pair l)))

    ;; --- miscellaneous

    (define (length+ x)
      (let ((tail (%tail-of x)))
        (cond ((eq? tail %circular) #f)
              ((null? tail) (length x))
              (else (%raise-type 'length+ 1 "a list" x)))))

    (define (concatenate lists)
      (let ((l (reverse lists)))
        (if (null? l)
            '()
            (let loop ((l (cdr l)) (out (car l)))
              (if (pair? l) (loop (cdr l) (append (car l) out)) out)))))
    (define append! append)
    (define concatenate! concatenate)
    (define reverse! reverse)
    (define append-reverse! append-reverse)

    (define (zip l . more) (apply map list l more))

    (define (unzip1 l) (map (lambda (each) (car each)) l))
    (define (unzip2 l) (values (map first l) (map second l)))
    (define (unzip3 l) (values (map first l) (map second l) (map third l)))
    (define (unzip4 l) (values (map first l) (map second l) (map third l) (map fourth l)))
    (define (unzip5 l) (values (map first l) (map second l) (map third l) (map fourth l) (map fifth l)))

    (define (count good? l . more)
      (%check-procedure 'count good?)
      (if (null? more)
          (let loop ((l l) (n 0))
            (if (%end? l 'count)
                n
                (loop (cdr l) (if (good? (car l)) (+ n 1) n))))
          (let loop ((lists (cons l more)) (n 0))
            (if (%all-pairs? lists)
                (loop (%cdrs lists) (if (apply good? (%cars lists)) (+ n 1) n))
                n))))

    ;; --- folding

    (define (fold f start l . more)
      (%check-procedure 'fold f)
      (if (null? more)
          (let loop ((l l) (value start))
            (if (%end? l 'fold) value (loop (cdr l) (f (car l) value))))
          (let loop ((lists (cons l more)) (value start))
            (if (%all-pairs? lists)
                (loop (%cdrs lists) (apply f (%cars+ lists value)))
                value))))

    (define (fold-right f start l . more)
      (%check-procedure 'fold-right f)
      (if (null? more)
          (let loop ((l l))
            (if (%end? l 'fold-right) start (f (car l) (loop (cdr l)))))
          (let loop ((lists (cons l more)))
            (if (%all-pairs? lists)
                (let ((value (loop (%cdrs lists))))
                  (apply f (%cars+ lists value)))
                start))))

    (define (pair-fold f start l . more)
      (%check-procedure 'pair-fold f)
      (if (null? more)
          (let loop ((l l) (value start))
            (if (%end? l 'pair-fold)
                value
                (let ((next (cdr l))) (loop next (f l value)))))
          (let loop ((lists (cons l more)) (value start))
            (if (%all-pairs? lists)
                (let ((next (%cdrs lists)))
                  (loop next (apply f (append lists (list value)))))
                value))))

    (define (pair-fold-right f start l . more)
      (%check-procedure 'pair-fold-right f)
      (if (null? more)
          (let loop ((l l))
            (if (%end? l 'pair-fold-right) start (f l (loop (cdr l)))))
          (let loop ((lists (cons l more)))
            (if (%all-pairs? lists)
                (let ((value (loop (%cdrs lists))))
                  (apply f (append lists (list value))))
                start))))

    (define (reduce f default l)
      (%check-procedure 'reduce f)
      (if (%end? l 'reduce) default (fold f (car l) (cdr l))))

    (define (reduce-right f default l)
      (%check-procedure 'reduce-right f)
      (if (%end? l 'reduce-right)
          default
          (let loop ((head (car l)) (l (cdr l)))
            (if (pair? l) (f head (loop (car l) (cdr l))) head))))

    (define unfold
      (case-lambda
        ((stop? mapper successor seed) (unfold stop? mapper successor seed (lambda (seed) '())))
        ((stop? mapper successor seed tail)
         (let loop ((seed seed) (out '()))
           (if (stop? seed)
               (append-reverse out (tail seed))
               (loop (successor seed) (cons (mapper seed) out)))))))

    (define unfold-right
      (case-lambda
        ((stop? mapper successor seed) (unfold-right stop? mapper successor seed '()))
        ((stop? mapper successor seed tail)
         (let loop ((seed seed) (out tail))
           (if (stop? seed)
               out
               (loop (successor seed) (cons (mapper seed) out)))))))

    ;; --- mapping

    (define (append-map f l . more) (concatenate (apply map f l more)))
    (define append-map! append-map)

    (define (map-in-order f l . more)
      (%check-procedure 'map-in-order f)
      (if (null? more)
          (let loop ((l l) (out '()))
            (if (%end? l 'map-in-order)
                (reverse out)
                (loop (cdr l) (cons (f (car l)) out))))
          (let loop ((lists (cons l more)) (out '()))
            (if (%all-pairs? lists)
                (loop (%cdrs lists) (cons (apply f (%cars lists)) out))
                (reverse out)))))

    ;; The length of the first list decides; an end of another one before is an error that car finds.
    (define map! map-in-order)

    (define (pair-for-each f l . more)
      (%check-procedure 'pair-for-each f)
      (if (null? more)
          (let loop ((l l))
            (if (not (%end? l 'pair-for-each))
                (let ((next (cdr l))) (f l) (loop next))))
          (let loop ((lists (cons l more)))
            (if (%all-pairs? lists)
                (let ((next (%cdrs lists))) (apply f lists) (loop next))))))

    (define (filter-map f l . more)
      (%check-procedure 'filter-map f)
      (if (null? more)
          (let loop ((l l) (out '()))
            (if (%end? l 'filter-map)
                (reverse out)
                (let ((value (f (car l))))
                  (loop (cdr l) (if value (cons value out) out)))))
          (let loop ((lists (cons l more)) (out '()))
            (if (%all-pairs? lists)
                (let ((value (apply f (%cars lists))))
                  (loop (%cdrs lists) (if value (cons value out) out)))
                (reverse out)))))

    ;; --- filtering

    (define (filter keep? l)
      (%check-procedure 'filter keep?)
      (let loop ((l l) (out '()))
        (if (%end? l 'filter)
            (reverse out)
            (loop (cdr l) (if (keep? (car l)) (cons (car l) out) out)))))

    (define (remove drop? l)
      (%check-procedure 'remove drop?)
      (filter (lambda (x) (not (drop? x))) l))

    (define (partition in? l)
      (%check-procedure 'partition in?)
      (let loop ((l l) (in '()) (out '()))
        (cond ((%end? l 'partition) (values (reverse in) (reverse out)))
              ((in? (car l)) (loop (cdr l) (cons (car l) in) out))
              (else (loop (cdr l) in (cons (car l) out))))))

    (define filter! filter)
    (define remove! remove)
    (define partition! partition)

    ;; --- searching

    (define (find-tail found? l)
      (%check-procedure 'find-tail found?)
      (let loop ((l l))
        (cond ((%end? l 'find-tail) #f)
              ((found? (car l)) l)
              (else (loop (cdr l))))))

    (define (find found? l)
      (let ((tail (find-tail found? l)))
        (and tail (car tail))))

    ;; The call for the last element is a tail call.
    (define (any found? l . more)
      (%check-procedure 'any found?)
      (if (null? more)
          (and (not (%end? l 'any))
               (let loop ((head (car l)) (l (cdr l)))
                 (if (%end? l 'any)
                     (found? head)
                     (or (found? head) (loop (car l) (cdr l))))))
          (let ((lists (cons l more)))
            (and (%all-pairs? lists)
                 (let loop ((heads (%cars lists)) (lists (%cdrs lists)))
                   (if (%all-pairs? lists)
                       (or (apply found? heads) (loop (%cars lists) (%cdrs lists)))
                       (apply found? heads)))))))

    (define (every good? l . more)
      (%check-procedure 'every good?)
      (if (null? more)
          (or (%end? l 'every)
              (let loop ((head (car l)) (l (cdr l)))
                (if (%end? l 'every)
                    (good? head)
                    (and (good? head) (loop (car l) (cdr l))))))
          (let ((lists (cons l more)))
            (or (not (%all-pairs? lists))
                (let loop ((heads (%cars lists)) (lists (%cdrs lists)))
                  (if (%all-pairs? lists)
                      (and (apply good? heads) (loop (%cars lists) (%cdrs lists)))
                      (apply good? heads)))))))

    (define (list-index found? l . more)
      (%check-procedure 'list-index found?)
      (if (null? more)
          (let loop ((l l) (i 0))
            (cond ((%end? l 'list-index) #f)
                  ((found? (car l)) i)
                  (else (loop (cdr l) (+ i 1)))))
          (let loop ((lists (cons l more)) (i 0))
            (cond ((not (%all-pairs? lists)) #f)
                  ((apply found? (%cars lists)) i)
                  (else (loop (%cdrs lists) (+ i 1)))))))

    (define (span good? l)
      (%check-procedure 'span good?)
      (let loop ((l l) (head '()))
        (if (or (%end? l 'span) (not (good? (car l))))
            (values (reverse head) l)
            (loop (cdr l) (cons (car l) head)))))

    (define (break bad? l)
      (%check-procedure 'break bad?)
      (span (lambda (x) (not (bad? x))) l))

    (define (take-while good? l)
      (call-with-values (lambda () (span good? l)) (lambda (head tail) head)))

    (define (drop-while good? l)
      (%check-procedure 'drop-while good?)
      (let loop ((l l))
        (if (or (%end? l 'drop-while) (not (good? (car l))))
            l
            (loop (cdr l)))))

    (define take-while! take-while)
    (define span! span)
    (define break! break)

    ;; --- deleting

    (define delete
      (case-lambda
        ((x l) (delete x l equal?))
        ((x l same?) (remove (lambda (y) (same? x y)) l))))
    (define delete! delete)

    (define delete-duplicates
      (case-lambda
        ((l) (delete-duplicates l equal?))
        ((l same?)
         (%check-procedure 'delete-duplicates same?)
         (let loop ((l l) (out '()))
           (cond ((%end? l 'delete-duplicates) (reverse out))
                 ((%seen? (car l) out same?) (loop (cdr l) out))
                 (else (loop (cdr l) (cons (car l) out))))))))
    (define delete-duplicates! delete-duplicates)

    (define (%seen? x l same?)
      (and (pair? l)
           (or (same? (car l) x) (%seen? x (cdr l) same?))))

    ;; --- association lists

    (define (alist-cons key value alist) (cons (cons key value) alist))
    (define (alist-copy alist)
      (map (lambda (entry) (cons (car entry) (cdr entry))) alist))
    (define alist-delete
      (case-lambda
        ((key alist) (alist-delete key alist equal?))
        ((key alist same?) (remove (lambda (entry) (same? key (car entry))) alist))))
    (define alist-delete! alist-delete)

    ;; --- sets

    (define (%member? x l same?)
      (and (pair? l)
           (or (same? x (car l)) (%member? x (cdr l) same?))))

    (define (%subset? same? a b)
      (every (lambda (x) (%seen? x b (lambda (y x) (same? x y)))) a))

    (define (lset<= same? . lists)
      (%check-procedure 'lset<= same?)
      (or (null? lists)
          (let loop ((a (car lists)) (rest (cdr lists)))
            (or (null? rest)
                (and (or (eq? a (car rest)) (%subset? same? a (car rest)))
                     (loop (car rest) (cdr rest)))))))

    (define (lset= same? . lists)
      (%check-procedure 'lset= same?)
      (or (null? lists)
          (let loop ((a (car lists)) (rest (cdr lists)))
            (or (null? rest)
                (let ((b (car rest)))
                  (and (or (eq? a b)
                           (and (%subset? same? a b)
                                (%subset? (lambda (x y) (same? y x)) b a)))
                       (loop b (cdr rest))))))))

    (define (lset-adjoin same? l . elements)
      (%check-procedure 'lset-adjoin same?)
      (fold (lambda (x out) (if (%seen? x out same?) out (cons x out))) l elements))

    (define (lset-union same? . lists)
      (%check-procedure 'lset-union same?)
      (reduce (lambda (l out)
                (cond ((null? l) out)
                      ((null? out) l)
                      ((eq? l out) out)
                      (else (fold (lambda (x out) (if (%seen? x out same?) out (cons x out))) out l))))
              '()
              lists))

    (define (lset-intersection same? l . lists)
      (%check-procedure 'lset-intersection same?)
      (let ((lists (delete l lists eq?)))
        (cond ((any null? lists) '())
              ((null? lists) l)
              (else (filter (lambda (x) (every (lambda (other) (%member? x other same?)) lists)) l)))))

    (define (lset-difference same? l . lists)
      (%check-procedure 'lset-difference same?)
      (let ((lists (filter pair? lists)))
        (cond ((null? lists) l)
              ((memq l lists) '())
              (else (remove (lambda (x) (any (lambda (other) (%member? x other same?)) lists)) l)))))

    (define (lset-xor same? . lists)
      (%check-procedure 'lset-xor same?)
      (reduce (lambda (b a)
                (call-with-values (lambda () (lset-diff+intersection same? a b))
                  (lambda (a-only both)
                    (cond ((null? a-only) (lset-difference same? b a))
                          ((null? both) (append b a))
                          (else (fold (lambda (x out) (if (%member? x both same?) out (cons x out))) a-only b))))))
              '()
              lists))

    (define (lset-diff+intersection same? l . lists)
      (%check-procedure 'lset-diff+intersection same?)
      (cond ((every null? lists) (values l '()))
            ((memq l lists) (values '() l))
            (else (partition (lambda (x) (not (any (lambda (other) (%member? x other same?)) lists))) l))))

    (define lset-union! lset-union)
    (define lset-intersection! lset-intersection)
    (define lset-difference! lset-difference)
    (define lset-xor! lset-xor)
    (define lset-diff+intersection! lset-diff+intersection)))
