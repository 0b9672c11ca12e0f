;; SRFI 146: mappings, persistent and ordered. Trees balanced by weight (Adams; the parameters 3 and 2 of Hirai and
;; Yamamoto); what combines two mappings splits and links them. The names with `!` are the same procedures.
(define-library (srfi 146)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) values apply error map for-each)
          (srfi 128))
  (export
    mapping mapping-unfold mapping/ordered mapping-unfold/ordered
    mapping? mapping-contains? mapping-empty? mapping-disjoint?
    mapping-ref mapping-ref/default mapping-key-comparator
    mapping-adjoin mapping-adjoin! mapping-set mapping-set! mapping-replace mapping-replace!
    mapping-delete mapping-delete! mapping-delete-all mapping-delete-all! mapping-intern mapping-intern!
    mapping-update mapping-update! mapping-update/default mapping-update!/default
    mapping-pop mapping-pop! mapping-search mapping-search!
    mapping-size mapping-find mapping-count mapping-any? mapping-every?
    mapping-keys mapping-values mapping-entries
    mapping-map mapping-map->list mapping-for-each mapping-fold mapping-fold/reverse
    mapping-filter mapping-filter! mapping-remove mapping-remove! mapping-partition mapping-partition!
    mapping-copy mapping->alist alist->mapping alist->mapping! alist->mapping/ordered alist->mapping/ordered!
    mapping=? mapping<? mapping>? mapping<=? mapping>=?
    mapping-union mapping-union! mapping-intersection mapping-intersection!
    mapping-difference mapping-difference! mapping-xor mapping-xor!
    mapping-min-key mapping-max-key mapping-min-value mapping-max-value mapping-min-entry mapping-max-entry
    mapping-key-predecessor mapping-key-successor
    mapping-range= mapping-range< mapping-range> mapping-range<= mapping-range>=
    mapping-range=! mapping-range<! mapping-range>! mapping-range<=! mapping-range>=!
    mapping-split mapping-split! mapping-catenate mapping-catenate! mapping-map/monotone mapping-map/monotone!
    make-mapping-comparator mapping-comparator comparator?)
  (begin

    ;; --- trees: '() or #(key value left right size)

    (define (%key t) (vector-ref t 0))
    (define (%value t) (vector-ref t 1))
    (define (%left t) (vector-ref t 2))
    (define (%right t) (vector-ref t 3))
    (define (%size t) (if (null? t) 0 (vector-ref t 4)))
    (define (%node key value left right)
      (vector key value left right (+ 1 (%size left) (%size right))))

    ;; A node whose sides may be out of balance by one insertion or deletion.
    (define (%balance key value left right)
      (let ((l (+ 1 (%size left))) (r (+ 1 (%size right))))
        (cond ((> r (* 3 l))
               (let ((rl (%left right)) (rr (%right right)))
                 (if (< (+ 1 (%size rl)) (* 2 (+ 1 (%size rr))))
                     (%node (%key right) (%value right) (%node key value left rl) rr)
                     (%node (%key rl) (%value rl)
                            (%node key value left (%left rl))
                            (%node (%key right) (%value right) (%right rl) rr)))))
              ((> l (* 3 r))
               (let ((ll (%left left)) (lr (%right left)))
                 (if (< (+ 1 (%size lr)) (* 2 (+ 1 (%size ll))))
                     (%node (%key left) (%value left) ll (%node key value lr right))
                     (%node (%key lr) (%value lr)
                            (%node (%key left) (%value left) ll (%left lr))
                            (%node key value (%right lr) right)))))
              (else (%node key value left right)))))

    ;; Any two trees with a key between them; and without.
    (define (%link key value left right)
      (cond ((null? left) (%insert-first key value right))
            ((null? right) (%insert-last key value left))
            ((> (+ 1 (%size right)) (* 3 (+ 1 (%size left))))
             (%balance (%key right) (%value right) (%link key value left (%left right)) (%right right)))
            ((> (+ 1 (%size left)) (* 3 (+ 1 (%size right))))
             (%balance (%key left) (%value left) (%left left) (%link key value (%right left) right)))
            (else (%node key value left right))))
    (define (%insert-first key value t)
      (if (null? t)
          (%node key value '() '())
          (%balance (%key t) (%value t) (%insert-first key value (%left t)) (%right t))))
    (define (%insert-last key value t)
      (if (null? t)
          (%node key value '() '())
          (%balance (%key t) (%value t) (%left t) (%insert-last key value (%right t)))))
    (define (%first t) (if (null? (%left t)) t (%first (%left t))))
    (define (%last t) (if (null? (%right t)) t (%last (%right t))))
    (define (%without-first t)
      (if (null? (%left t))
          (%right t)
          (%balance (%key t) (%value t) (%without-first (%left t)) (%right t))))
    (define (%merge left right)
      (cond ((null? left) right)
            ((null? right) left)
            (else
             (let ((first (%first right)))
               (%link (%key first) (%value first) left (%without-first right))))))

    (define (%find less? key t)
      (cond ((null? t) #f)
            ((less? key (%key t)) (%find less? key (%left t)))
            ((less? (%key t) key) (%find less? key (%right t)))
            (else t)))

    ;; A key that is there already keeps its node when `keep?`.
    (define (%insert less? key value t keep?)
      (let insert ((t t))
        (cond ((null? t) (%node key value '() '()))
              ((less? key (%key t)) (%balance (%key t) (%value t) (insert (%left t)) (%right t)))
              ((less? (%key t) key) (%balance (%key t) (%value t) (%left t) (insert (%right t))))
              (keep? t)
              (else (vector key value (%left t) (%right t) (%size t))))))

    (define (%delete less? key t)
      (let delete ((t t))
        (cond ((null? t) t)
              ((less? key (%key t)) (%balance (%key t) (%value t) (delete (%left t)) (%right t)))
              ((less? (%key t) key) (%balance (%key t) (%value t) (%left t) (delete (%right t))))
              (else (%merge (%left t) (%right t))))))

    ;; (k less node-or-#f greater)
    (define (%split less? key t k)
      (cond ((null? t) (k '() #f '()))
            ((less? key (%key t))
             (%split less? key (%left t)
                     (lambda (l found r) (k l found (%link (%key t) (%value t) r (%right t))))))
            ((less? (%key t) key)
             (%split less? key (%right t)
                     (lambda (l found r) (k (%link (%key t) (%value t) (%left t) l) found r))))
            (else (k (%left t) t (%right t)))))

    (define (%union less? a b)
      (cond ((null? a) b)
            ((null? b) a)
            (else
             (%split less? (%key a) b
                     (lambda (l found r)
                       (%link (%key a) (%value a) (%union less? (%left a) l) (%union less? (%right a) r)))))))
    (define (%intersection less? a b)
      (if (or (null? a) (null? b))
          '()
          (%split less? (%key a) b
                  (lambda (l found r)
                    (let ((left (%intersection less? (%left a) l))
                          (right (%intersection less? (%right a) r)))
                      (if found
                          (%link (%key a) (%value a) left right)
                          (%merge left right)))))))
    (define (%difference less? a b)
      (cond ((null? a) a)
            ((null? b) a)
            (else
             (%split less? (%key b) a
                     (lambda (l found r)
                       (%merge (%difference less? l (%left b)) (%difference less? r (%right b))))))))

    (define (%fold f start t)
      (if (null? t)
          start
          (%fold f (f (%key t) (%value t) (%fold f start (%left t))) (%right t))))
    (define (%fold-right f start t)
      (if (null? t)
          start
          (%fold-right f (f (%key t) (%value t) (%fold-right f start (%right t))) (%left t))))

    ;; --- mappings

    (define-record-type <mapping>
      (%mapping %comparator %root)
      mapping?
      (%comparator mapping-key-comparator)
      (%root %root))

    (define (%less m) (comparator-ordering-predicate (mapping-key-comparator m)))
    (define (%with m root) (%mapping (mapping-key-comparator m) root))
    (define (%empty comparator)
      (if (not (comparator-ordered? comparator)) (error "a mapping needs a comparator with an order" comparator))
      (%register-default mapping-comparator)
      (%mapping comparator '()))

    (define (%pairs who m rest keep?)
      (let ((less? (%less m)))
        (let loop ((rest rest) (t (%root m)))
          (cond ((null? rest) (%with m t))
                ((null? (cdr rest)) (error "a key without a value" who (car rest)))
                (else
                 (comparator-check-type (mapping-key-comparator m) (car rest))
                 (loop (cddr rest) (%insert less? (car rest) (cadr rest) t keep?)))))))

    (define (mapping comparator . rest) (%pairs 'mapping (%empty comparator) rest #t))
    (define mapping/ordered mapping)
    (define (mapping-unfold stop? mapper successor seed comparator)
      (let loop ((seed seed) (m (%empty comparator)))
        (if (stop? seed)
            m
            (call-with-values (lambda () (mapper seed))
              (lambda (key value) (loop (successor seed) (mapping-adjoin m key value)))))))
    (define mapping-unfold/ordered mapping-unfold)

    (define (mapping-contains? m key) (if (%find (%less m) key (%root m)) #t #f))
    (define (mapping-empty? m) (null? (%root m)))
    (define (mapping-disjoint? a b) (null? (%intersection (%less a) (%root a) (%root b))))

    (define mapping-ref
      (case-lambda
        ((m key) (mapping-ref m key (lambda () (error "the mapping has no such key" key))))
        ((m key failure)
         (let ((node (%find (%less m) key (%root m)))) (if node (%value node) (failure))))
        ((m key failure success)
         (let ((node (%find (%less m) key (%root m)))) (if node (success (%value node)) (failure))))))
    (define (mapping-ref/default m key default)
      (let ((node (%find (%less m) key (%root m)))) (if node (%value node) default)))

    (define (mapping-adjoin m . rest) (%pairs 'mapping-adjoin m rest #t))
    (define (mapping-set m . rest) (%pairs 'mapping-set m rest #f))
    (define (mapping-replace m key value)
      (if (mapping-contains? m key) (mapping-set m key value) m))
    (define (mapping-delete-all m keys)
      (let ((less? (%less m)))
        (let loop ((keys keys) (t (%root m)))
          (if (null? keys)
              (%with m t)
              (loop (cdr keys) (if (%find less? (car keys) t) (%delete less? (car keys) t) t))))))
    (define (mapping-delete m . keys) (mapping-delete-all m keys))
    (define (mapping-intern m key failure)
      (let ((node (%find (%less m) key (%root m))))
        (if node
            (values m (%value node))
            (let ((value (failure))) (values (mapping-set m key value) value)))))

    (define mapping-update
      (case-lambda
        ((m key updater) (mapping-update m key updater (lambda () (error "the mapping has no such key" key))))
        ((m key updater failure) (mapping-update m key updater failure values))
        ((m key updater failure success)
         (mapping-set m key (updater (mapping-ref m key failure success))))))
    (define (mapping-update/default m key updater default)
      (mapping-update m key updater (lambda () default)))

    (define mapping-pop
      (case-lambda
        ((m) (mapping-pop m (lambda () (error "the mapping is empty"))))
        ((m failure)
         (if (mapping-empty? m)
             (failure)
             (let ((first (%first (%root m))))
               (values (%with m (%without-first (%root m))) (%key first) (%value first)))))))

    (define (mapping-search m key failure success)
      (let ((node (%find (%less m) key (%root m))))
        (if node
            (success (%key node) (%value node)
                     (lambda (new-key value object)
                       (values (mapping-set (mapping-delete m key) new-key value) object))
                     (lambda (object) (values (mapping-delete m key) object)))
            (failure (lambda (value object) (values (mapping-set m key value) object))
                     (lambda (object) (values m object))))))

    ;; --- the whole

    (define (mapping-size m) (%size (%root m)))
    (define (mapping-find found? m failure)
      (let loop ((t (%root m)) (outer '()))
        (cond ((vector? t) (loop (%left t) (cons t outer)))
              ((null? outer) (failure))
              ((found? (%key (car outer)) (%value (car outer)))
               (values (%key (car outer)) (%value (car outer))))
              (else (loop (%right (car outer)) (cdr outer))))))
    (define (mapping-count good? m)
      (mapping-fold (lambda (key value n) (if (good? key value) (+ n 1) n)) 0 m))
    (define (mapping-any? found? m)
      (call-with-values (lambda () (mapping-find found? m (lambda () (values))))
        (lambda entry (pair? entry))))
    (define (mapping-every? good? m)
      (not (mapping-any? (lambda (key value) (not (good? key value))) m)))
    (define (mapping-keys m) (%fold-right (lambda (key value out) (cons key out)) '() (%root m)))
    (define (mapping-values m) (%fold-right (lambda (key value out) (cons value out)) '() (%root m)))
    (define (mapping-entries m) (values (mapping-keys m) (mapping-values m)))

    (define (mapping-map f comparator m)
      (mapping-fold (lambda (key value out)
                      (call-with-values (lambda () (f key value))
                        (lambda (key value) (mapping-adjoin out key value))))
                    (%empty comparator) m))
    (define (mapping-map->list f m)
      (map (lambda (entry) (f (car entry) (cdr entry))) (mapping->alist m)))
    (define (mapping-for-each f m)
      (for-each (lambda (entry) (f (car entry) (cdr entry))) (mapping->alist m)))
    (define (mapping-fold f start m) (%fold f start (%root m)))
    (define (mapping-fold/reverse f start m) (%fold-right f start (%root m)))

    (define (mapping-filter keep? m)
      (%with m
             (let filter ((t (%root m)))
               (if (null? t)
                   t
                   (let* ((left (filter (%left t)))
                          (stays? (keep? (%key t) (%value t)))
                          (right (filter (%right t))))
                     (if stays?
                         (%link (%key t) (%value t) left right)
                         (%merge left right)))))))
    (define (mapping-remove drop? m)
      (mapping-filter (lambda (key value) (not (drop? key value))) m))
    (define (mapping-partition in? m)
      (let ((in (mapping-filter in? m)))
        (values in (mapping-difference m in))))

    (define (mapping-copy m) m)
    (define (mapping->alist m)
      (%fold-right (lambda (key value out) (cons (cons key value) out)) '() (%root m)))
    (define (alist->mapping comparator alist)
      (alist->mapping! (%empty comparator) alist))
    (define (alist->mapping! m alist)
      (let loop ((alist alist) (m m))
        (if (null? alist) m (loop (cdr alist) (mapping-adjoin m (caar alist) (cdar alist))))))
    (define alist->mapping/ordered alist->mapping)
    (define alist->mapping/ordered! alist->mapping!)

    ;; --- comparing and combining

    (define (%subset? comparator a b)
      (and (<= (mapping-size a) (mapping-size b))
           (mapping-every? (lambda (key value)
                             (let ((node (%find (%less b) key (%root b))))
                               (and node (=? comparator value (%value node)))))
                           a)))
    (define (%chain holds? m rest)
      (or (null? rest)
          (and (holds? m (car rest)) (%chain holds? (car rest) (cdr rest)))))
    (define (mapping<=? comparator m . rest)
      (%chain (lambda (a b) (%subset? comparator a b)) m rest))
    (define (mapping>=? comparator m . rest)
      (%chain (lambda (a b) (%subset? comparator b a)) m rest))
    (define (mapping=? comparator m . rest)
      (%chain (lambda (a b)
                (and (eq? (mapping-key-comparator a) (mapping-key-comparator b))
                     (= (mapping-size a) (mapping-size b))
                     (%subset? comparator a b)))
              m rest))
    (define (mapping<? comparator m . rest)
      (%chain (lambda (a b) (and (< (mapping-size a) (mapping-size b)) (%subset? comparator a b))) m rest))
    (define (mapping>? comparator m . rest)
      (%chain (lambda (a b) (and (> (mapping-size a) (mapping-size b)) (%subset? comparator b a))) m rest))

    (define (%combine f m rest)
      (let ((less? (%less m)))
        (let loop ((t (%root m)) (rest rest))
          (if (null? rest)
              (%with m t)
              (loop (f less? t (%root (car rest))) (cdr rest))))))
    (define (mapping-union m . rest) (%combine %union m rest))
    (define (mapping-intersection m . rest) (%combine %intersection m rest))
    (define (mapping-difference m . rest) (%combine %difference m rest))
    (define (mapping-xor a b)
      (mapping-union (mapping-difference a b) (mapping-difference b a)))

    ;; --- the order

    (define (%end who pick f)
      (lambda (m)
        (if (mapping-empty? m) (error "the mapping is empty" who))
        (f (pick (%root m)))))
    (define (%entry t) (values (%key t) (%value t)))
    (define mapping-min-key (%end 'mapping-min-key %first %key))
    (define mapping-max-key (%end 'mapping-max-key %last %key))
    (define mapping-min-value (%end 'mapping-min-value %first %value))
    (define mapping-max-value (%end 'mapping-max-value %last %value))
    (define mapping-min-entry (%end 'mapping-min-entry %first %entry))
    (define mapping-max-entry (%end 'mapping-max-entry %last %entry))

    (define (mapping-key-predecessor m key failure)
      (let ((less? (%less m)))
        (let loop ((t (%root m)) (best #f))
          (cond ((null? t) (if best (%key best) (failure)))
                ((less? (%key t) key) (loop (%right t) t))
                (else (loop (%left t) best))))))
    (define (mapping-key-successor m key failure)
      (let ((less? (%less m)))
        (let loop ((t (%root m)) (best #f))
          (cond ((null? t) (if best (%key best) (failure)))
                ((less? key (%key t)) (loop (%left t) t))
                (else (loop (%right t) best))))))

    (define (%at m node)
      (%with m (if node (%node (%key node) (%value node) '() '()) '())))
    (define (mapping-split m key)
      (%split (%less m) key (%root m)
              (lambda (l node r)
                (values (%with m l)
                        (%with m (if node (%insert-last (%key node) (%value node) l) l))
                        (%at m node)
                        (%with m (if node (%insert-first (%key node) (%value node) r) r))
                        (%with m r)))))
    (define (%range pick)
      (lambda (m key)
        (call-with-values (lambda () (mapping-split m key)) pick)))
    (define mapping-range< (%range (lambda (less less= equal greater= greater) less)))
    (define mapping-range<= (%range (lambda (less less= equal greater= greater) less=)))
    (define mapping-range= (%range (lambda (less less= equal greater= greater) equal)))
    (define mapping-range>= (%range (lambda (less less= equal greater= greater) greater=)))
    (define mapping-range> (%range (lambda (less less= equal greater= greater) greater)))

    (define (mapping-catenate comparator a key value b)
      (let ((less? (comparator-ordering-predicate comparator)))
        (if (not (and (or (mapping-empty? a) (less? (mapping-max-key a) key))
                      (or (mapping-empty? b) (less? key (mapping-min-key b)))))
            (error "the keys are not in the order of the catenation" key))
        (%mapping comparator (%link key value (%root a) (%root b)))))
    ;; That the keys stay in order is the word of the caller, so they are put in their places one by one.
    (define mapping-map/monotone mapping-map)

    ;; --- mappings as keys: in the order of their entries

    (define (make-mapping-comparator of-values)
      (make-comparator
       mapping?
       (lambda (a b) (mapping=? of-values a b))
       (and (comparator-ordered? of-values)
            (lambda (a b)
              (let ((less? (%less a)))
                (let loop ((a (mapping->alist a)) (b (mapping->alist b)))
                  (cond ((null? a) (pair? b))
                        ((null? b) #f)
                        ((less? (caar a) (caar b)) #t)
                        ((less? (caar b) (caar a)) #f)
                        ((<? of-values (cdar a) (cdar b)) #t)
                        ((<? of-values (cdar b) (cdar a)) #f)
                        (else (loop (cdr a) (cdr b))))))))
       (and (comparator-hashable? of-values)
            (lambda (m)
              (mapping-fold (lambda (key value hash)
                              (modulo (+ (* 31 hash) (comparator-hash of-values value)) (hash-bound)))
                            (hash-salt) m)))))
    (define mapping-comparator (make-mapping-comparator (make-default-comparator)))

    (define mapping-adjoin! mapping-adjoin)
    (define mapping-set! mapping-set)
    (define mapping-replace! mapping-replace)
    (define mapping-delete! mapping-delete)
    (define mapping-delete-all! mapping-delete-all)
    (define mapping-intern! mapping-intern)
    (define mapping-update! mapping-update)
    (define mapping-update!/default mapping-update/default)
    (define mapping-pop! mapping-pop)
    (define mapping-search! mapping-search)
    (define mapping-filter! mapping-filter)
    (define mapping-remove! mapping-remove)
    (define mapping-partition! mapping-partition)
    (define mapping-union! mapping-union)
    (define mapping-intersection! mapping-intersection)
    (define mapping-difference! mapping-difference)
    (define mapping-xor! mapping-xor)
    (define mapping-range=! mapping-range=)
    (define mapping-range<! mapping-range<)
    (define mapping-range>! mapping-range>)
    (define mapping-range<=! mapping-range<=)
    (define mapping-range>=! mapping-range>=)
    (define mapping-split! mapping-split)
    (define mapping-catenate! mapping-catenate)
    (define mapping-map/monotone! mapping-map/monotone)))
