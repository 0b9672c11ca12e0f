;; SRFI 158: generators and accumulators: procedures with a state of their own, so all of it needs mutation. A generator
;; that ended goes on giving the end-of-file object.
(define-library (srfi 158)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export
    generator circular-generator make-iota-generator make-range-generator make-coroutine-generator
    list->generator vector->generator reverse-vector->generator string->generator bytevector->generator
    make-for-each-generator make-unfold-generator
    gcons* gappend gflatten ggroup gmerge gmap gcombine gfilter gremove gstate-filter ginterleave
    gtake gdrop gtake-while gdrop-while gdelete gdelete-neighbor-dups gindex gselect
    generator->list generator->reverse-list generator->vector generator->vector! generator->string
    generator-fold generator-map->list generator-for-each generator-find generator-count generator-any
    generator-every generator-unfold
    make-accumulator count-accumulator list-accumulator reverse-list-accumulator vector-accumulator
    reverse-vector-accumulator vector-accumulator! string-accumulator bytevector-accumulator bytevector-accumulator!
    sum-accumulator product-accumulator)
  (begin
    (define (%eof? x) (eof-object? x))
    (define (%positive who n)
      (if (not (and (exact-integer? n) (>= n 0)))
          (%raise-type who 1 "an exact integer that is not negative" n)))

    ;; --- constructors

    (define (generator . items) (list->generator items))

    (define (list->generator items)
      (lambda ()
        (if (pair? items)
            (let ((item (car items)))
              (set! items (cdr items))
              item)
            (eof-object))))

    (define (circular-generator . items)
      (if (null? items)
          (error "circular-generator needs a value"))
      (let ((rest items))
        (lambda ()
          (if (null? rest)
              (set! rest items))
          (let ((item (car rest)))
            (set! rest (cdr rest))
            item))))

    (define make-iota-generator
      (case-lambda
        ((count) (make-iota-generator count 0 1))
        ((count start) (make-iota-generator count start 1))
        ((count start step)
         (%positive 'make-iota-generator count)
         (let ((i 0))
           (lambda ()
             (if (< i count)
                 (let ((value (+ start (* i step))))
                   (set! i (+ i 1))
                   value)
                 (eof-object)))))))

    (define make-range-generator
      (case-lambda
        ((start) (make-range-generator start +inf.0 1))
        ((start end) (make-range-generator start end 1))
        ((start end step)
         (let ((value start))
           (lambda ()
             (if (< value end)
                 (let ((now value))
                   (set! value (+ value step))
                   now)
                 (eof-object)))))))

    (define (make-coroutine-generator body)
      (define return #f)
      (define resume #f)
      (define (yield value)
        (call/cc (lambda (k)
                   (set! resume k)
                   (return value))))
      (lambda ()
        (call/cc (lambda (k)
                   (set! return k)
                   (if resume
                       (resume #t)
                       (begin
                         (body yield)
                         (set! resume (lambda (ignored) (return (eof-object))))
                         (return (eof-object))))))))

    (define (%elements ref start end step)
      (lambda ()
        (if (= start end)
            (eof-object)
            (let ((item (ref start)))
              (set! start (+ start step))
              item))))
    (define (%range who size start end)
      (if (not (and (exact-integer? start) (exact-integer? end) (<= 0 start end size)))
          (error "the range does not fit" who start end)))
    (define (%sequence who size ref)
      (case-lambda
        ((s) (%elements (lambda (i) (ref s i)) 0 (size s) 1))
        ((s start) (%range who (size s) start (size s)) (%elements (lambda (i) (ref s i)) start (size s) 1))
        ((s start end) (%range who (size s) start end) (%elements (lambda (i) (ref s i)) start end 1))))
    (define vector->generator (%sequence 'vector->generator vector-length vector-ref))
    (define string->generator (%sequence 'string->generator string-length string-ref))
    (define bytevector->generator (%sequence 'bytevector->generator bytevector-length bytevector-u8-ref))
    (define reverse-vector->generator
      (case-lambda
        ((v) (reverse-vector->generator v 0 (vector-length v)))
        ((v start) (reverse-vector->generator v start (vector-length v)))
        ((v start end)
         (%range 'reverse-vector->generator (vector-length v) start end)
         (%elements (lambda (i) (vector-ref v i)) (- end 1) (- start 1) -1))))

    (define (make-for-each-generator for-each s)
      (make-coroutine-generator (lambda (yield) (for-each yield s))))

    (define (make-unfold-generator stop? mapper successor seed)
      (make-coroutine-generator
       (lambda (yield)
         (let loop ((seed seed))
           (if (not (stop? seed))
               (begin
                 (yield (mapper seed))
                 (loop (successor seed))))))))

    ;; --- generators from generators

    (define (gcons* first . rest)
      (let ((items (cons first rest)))
        (lambda ()
          (cond ((null? items) (eof-object))
                ((null? (cdr items)) ((car items)))
                (else
                 (let ((item (car items)))
                   (set! items (cdr items))
                   item))))))

    (define (gappend . generators)
      (lambda ()
        (let loop ()
          (if (null? generators)
              (eof-object)
              (let ((item ((car generators))))
                (if (%eof? item)
                    (begin
                      (set! generators (cdr generators))
                      (loop))
                    item))))))

    ;; The SRFI speaks of generators that a generator gives; lists are taken for them too.
    (define (gflatten gen)
      (let ((inner '()))
        (define (next)
          (cond ((pair? inner)
                 (let ((item (car inner)))
                   (set! inner (cdr inner))
                   item))
                ((procedure? inner) (inner))
                ((null? inner) (eof-object))
                (else (%raise-type 'gflatten 1 "a generator of generators" inner))))
        (lambda ()
          (let loop ()
            (if (%eof? inner)
                inner
                (let ((item (next)))
                  (cond ((%eof? item)
                         (set! inner (gen))
                         (loop))
                        (else item))))))))

    (define ggroup
      (case-lambda
        ((g k) (%group g k (lambda (group count) (reverse group))))
        ((g k padding)
         (%group g k (lambda (group count)
                       (append (reverse group) (list-tabulate (- k count) (lambda (i) padding))))))))
    (define (%group g k finish)
      (if (not (and (exact-integer? k) (> k 0)))
          (%raise-type 'ggroup 2 "a positive exact integer" k))
      (lambda ()
        (let loop ((group '()) (count 0))
          (if (= count k)
              (reverse group)
              (let ((item (g)))
                (cond ((not (%eof? item)) (loop (cons item group) (+ count 1)))
                      ((= count 0) item)
                      (else (finish group count))))))))

    ;; Of what comes first in more than one, the leftmost generator's.
    (define (gmerge less? first . rest)
      (define (waiting generators)
        (let loop ((generators generators) (out '()))
          (if (null? generators)
              (reverse out)
              (let ((item ((car generators))))
                (loop (cdr generators) (if (%eof? item) out (cons (cons item (car generators)) out)))))))
      (let ((heads #f))
        (lambda ()
          (if (not heads)
              (set! heads (waiting (cons first rest))))
          (if (null? heads)
              (eof-object)
              (let* ((least (fold-left (lambda (a b) (if (less? (car b) (car a)) b a)) (car heads) (cdr heads)))
                     (next ((cdr least))))
                (set! heads
                      (append-map (lambda (head)
                                    (cond ((not (eq? head least)) (list head))
                                          ((%eof? next) '())
                                          (else (list (cons next (cdr head))))))
                                  heads))
                (car least))))))

    ;; One value of each; #f when one of them ended.
    (define (%next generators)
      (let loop ((generators generators) (out '()))
        (if (null? generators)
            (reverse out)
            (let ((item ((car generators))))
              (if (%eof? item) #f (loop (cdr generators) (cons item out)))))))

    (define (gmap f first . rest)
      (if (null? rest)
          (lambda ()
            (let ((item (first)))
              (if (%eof? item) item (f item))))
          (let ((generators (cons first rest)))
            (lambda ()
              (let ((items (%next generators)))
                (if items (apply f items) (eof-object)))))))

    (define (gcombine f seed first . rest)
      (let ((generators (cons first rest)))
        (lambda ()
          (let ((items (%next generators)))
            (if items
                (call-with-values (lambda () (apply f (append items (list seed))))
                  (lambda (value next)
                    (set! seed next)
                    value))
                (eof-object))))))

    (define (gfilter keep? g)
      (lambda ()
        (let loop ()
          (let ((item (g)))
            (if (or (%eof? item) (keep? item)) item (loop))))))
    (define (gremove drop? g) (gfilter (lambda (item) (not (drop? item))) g))

    (define (gstate-filter f seed g)
      (gfilter (lambda (item)
                 (call-with-values (lambda () (f item seed))
                   (lambda (keep? next)
                     (set! seed next)
                     keep?)))
               g))

    ;; A value of each in turn, until one has none.
    (define (ginterleave first . rest)
      (let ((generators (cons first rest)) (turn '()))
        (lambda ()
          (if (null? generators)
              (eof-object)
              (begin
                (if (null? turn)
                    (set! turn generators))
                (let ((item ((car turn))))
                  (set! turn (cdr turn))
                  (if (%eof? item)
                      (set! generators '()))
                  item))))))

    (define gtake
      (case-lambda
        ((g k) (gtake g k (eof-object)))
        ((g k padding)
         (%positive 'gtake k)
         (let ((i 0))
           (lambda ()
             (if (< i k)
                 (let ((item (g)))
                   (set! i (+ i 1))
                   (if (%eof? item) padding item))
                 (eof-object)))))))
    (define (gdrop g k)
      (%positive 'gdrop k)
      (lambda ()
        (let loop ()
          (if (> k 0)
              (begin
                (set! k (- k 1))
                (if (%eof? (g)) (set! k 0))
                (loop))
              (g)))))
    (define (gtake-while keep? g)
      (let ((done? #f))
        (lambda ()
          (if done?
              (eof-object)
              (let ((item (g)))
                (if (and (not (%eof? item)) (keep? item))
                    item
                    (begin
                      (set! done? #t)
                      (eof-object))))))))
    (define (gdrop-while drop? g)
      (let ((found? #f))
        (lambda ()
          (let loop ()
            (let ((item (g)))
              (if (or found? (%eof? item) (not (drop? item)))
                  (begin
                    (set! found? #t)
                    item)
                  (loop)))))))

    (define gdelete
      (case-lambda
        ((item g) (gdelete item g equal?))
        ((item g same?) (gremove (lambda (other) (same? item other)) g))))
    (define gdelete-neighbor-dups
      (case-lambda
        ((g) (gdelete-neighbor-dups g equal?))
        ((g same?)
         (let ((first? #t) (last #f))
           (gfilter (lambda (item)
                      (let ((new? (or first? (not (same? last item)))))
                        (set! first? #f)
                        (if new? (set! last item))
                        new?))
                    g)))))

    ;; The values at the indices that `indices` gives, which only grow.
    (define (gindex values indices)
      (let ((at 0) (done? #f))
        (lambda ()
          (if done?
              (eof-object)
              (let ((index (indices)))
                (if (and (not (%eof? index)) (< index at))
                    (error "an index of gindex is not larger than the one before" index))
                (let loop ((item (if (%eof? index) index (values))))
                  (cond ((%eof? item) (set! done? #t) item)
                        ((< at index) (set! at (+ at 1)) (loop (values)))
                        (else (set! at (+ at 1)) item))))))))
    (define (gselect values truths)
      (let ((done? #f))
        (lambda ()
          (let loop ()
            (if done?
                (eof-object)
                (let ((item (values)) (truth (truths)))
                  (cond ((or (%eof? item) (%eof? truth)) (set! done? #t) (eof-object))
                        (truth item)
                        (else (loop)))))))))

    ;; --- consuming

    (define generator->reverse-list
      (case-lambda
        ((g)
         (let loop ((out '()))
           (let ((item (g)))
             (if (%eof? item) out (loop (cons item out))))))
        ((g k) (generator->reverse-list (gtake g k)))))
    (define (generator->list . rest) (reverse (apply generator->reverse-list rest)))
    (define (generator->vector . rest) (list->vector (apply generator->list rest)))
    (define (generator->string . rest) (list->string (apply generator->list rest)))
    (define (generator->vector! v at g)
      (let loop ((i at))
        (if (< i (vector-length v))
            (let ((item (g)))
              (if (%eof? item)
                  (- i at)
                  (begin
                    (vector-set! v i item)
                    (loop (+ i 1)))))
            (- i at))))

    (define (generator-fold f seed first . rest)
      (let ((generators (cons first rest)))
        (let loop ((seed seed))
          (let ((items (%next generators)))
            (if items (loop (apply f (append items (list seed)))) seed)))))
    (define (generator-map->list f first . rest)
      (generator->list (apply gmap f first rest)))
    (define (generator-for-each f first . rest)
      (let ((generators (cons first rest)))
        (let loop ()
          (let ((items (%next generators)))
            (if items
                (begin
                  (apply f items)
                  (loop)))))))
    (define (generator-find found? g) ((gfilter found? g)))
    (define (generator-count counts? g)
      (generator-fold (lambda (item count) (if (counts? item) (+ count 1) count)) 0 g))
    (define (generator-any found? g)
      (let loop ()
        (let ((item (g)))
          (and (not (%eof? item)) (or (found? item) (loop))))))
    (define (generator-every good? g)
      (let loop ((last #t))
        (let ((item (g)))
          (if (%eof? item)
              last
              (let ((value (good? item)))
                (and value (loop value)))))))
    (define (generator-unfold g unfold . rest)
      (apply unfold %eof? (lambda (x) x) (lambda (x) (g)) (g) rest))

    ;; --- accumulators

    (define (make-accumulator f seed finish)
      (lambda (item)
        (if (%eof? item)
            (finish seed)
            (set! seed (f item seed)))))
    (define (count-accumulator) (make-accumulator (lambda (item count) (+ count 1)) 0 (lambda (count) count)))
    (define (list-accumulator) (make-accumulator cons '() reverse))
    (define (reverse-list-accumulator) (make-accumulator cons '() (lambda (items) items)))
    (define (vector-accumulator) (make-accumulator cons '() (lambda (items) (list->vector (reverse items)))))
    (define (reverse-vector-accumulator) (make-accumulator cons '() list->vector))
    (define (string-accumulator) (make-accumulator cons '() (lambda (items) (list->string (reverse items)))))
    (define (bytevector-accumulator)
      (make-accumulator cons '() (lambda (items) (apply bytevector (reverse items)))))
    (define (sum-accumulator) (make-accumulator + 0 (lambda (sum) sum)))
    (define (product-accumulator) (make-accumulator * 1 (lambda (product) product)))
    (define (%filler set)
      (lambda (v at)
        (lambda (item)
          (if (%eof? item)
              v
              (begin
                (set v at item)
                (set! at (+ at 1)))))))
    (define vector-accumulator! (%filler vector-set!))
    (define bytevector-accumulator! (%filler bytevector-u8-set!))))
