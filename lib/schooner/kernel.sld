;; The part of the standard procedures that calls other procedures, and so is written in Scheme, not in C.
;; The public libraries choose from here and from (schooner primitives).
(define-library (schooner kernel)
  (import (schooner primitives) (schooner syntax))
  (export
    map for-each append-map filter reduce fold-left fold-right delete-duplicates
    vector-map vector-for-each string-map string-for-each string-count
    member assoc apply-to-list
    call-with-current-continuation call/cc call-with-values dynamic-wind values apply
    call-with-escape-continuation
    with-exception-handler raise raise-continuable error
    make-parameter %parameterize current-output-port current-error-port current-input-port
    make-promise force %delay %delay-force
    call-with-port call-with-output-string with-output-to-string
    list-sort sort features %reroot
    %guard %guard-else %keyword-ref %check-keywords %too-many-arguments
    list-index any every iota list-tabulate)
  (begin

    (define (%check-procedure who f)
      (if (not (procedure? f)) (%raise-type who 1 "a procedure" f)))

    (define (%end-of-list who l whole)
      (if (not (null? l)) (%raise-type who 2 "a list" whole)))

    ;; --- lists

    (define map
      (case-lambda
        ((f first)
         (let loop ((l first))
           (if (pair? l)
               (let ((head (f (car l))))
                 (cons head (loop (cdr l))))
               (begin (%end-of-list 'map l first) '()))))
        ((f first second)
         (let loop ((a first) (b second))
           (if (and (pair? a) (pair? b))
               (let ((head (f (car a) (car b))))
                 (cons head (loop (cdr a) (cdr b))))
               '())))
        ((f first . rest)
         (let loop ((lists (cons first rest)))
           (if (%all-pairs? lists)
               (let ((head (apply f (%cars lists))))
                 (cons head (loop (%cdrs lists))))
               '())))))

    (define for-each
      (case-lambda
        ((f first)
         (let loop ((l first))
           (if (pair? l)
               (begin (f (car l)) (loop (cdr l)))
               (%end-of-list 'for-each l first))))
        ((f first second)
         (let loop ((a first) (b second))
           (if (and (pair? a) (pair? b))
               (begin (f (car a) (car b)) (loop (cdr a) (cdr b))))))
        ((f first . rest)
         (let loop ((lists (cons first rest)))
           (if (%all-pairs? lists)
               (begin (apply f (%cars lists))
                      (loop (%cdrs lists))))))))

    (define (%all-pairs? lists)
      (or (null? lists)
          (and (pair? (car lists)) (%all-pairs? (cdr lists)))))

    (define (%cars lists)
      (if (null? lists) '() (cons (car (car lists)) (%cars (cdr lists)))))

    (define (%cdrs lists)
      (if (null? lists) '() (cons (cdr (car lists)) (%cdrs (cdr lists)))))

    (define (append-map f l)
      (let loop ((l l))
        (if (pair? l)
            (let ((head (f (car l))))
              (append head (loop (cdr l))))
            '())))

    (define (filter keep? l)
      (let loop ((l l))
        (cond ((not (pair? l)) (%end-of-list 'filter l l) '())
              ((keep? (car l)) (cons (car l) (loop (cdr l))))
              (else (loop (cdr l))))))

    (define (fold-left f start l)
      (let loop ((value start) (l l))
        (if (pair? l) (loop (f value (car l)) (cdr l)) value)))

    (define (fold-right f start l)
      (let loop ((l l))
        (if (pair? l) (f (car l) (loop (cdr l))) start)))

    (define (reduce f default l)
      (if (pair? l)
          (let loop ((value (car l)) (l (cdr l)))
            (if (pair? l) (loop (f (car l) value) (cdr l)) value))
          default))

    (define (delete-duplicates l)
      (let loop ((l l) (seen '()))
        (cond ((null? l) (reverse seen))
              ((%member-equal (car l) seen) (loop (cdr l) seen))
              (else (loop (cdr l) (cons (car l) seen))))))

    (define (list-index found? l)
      (let loop ((l l) (index 0))
        (cond ((not (pair? l)) #f)
              ((found? (car l)) index)
              (else (loop (cdr l) (+ index 1))))))

    (define (any found? l)
      (let loop ((l l))
        (and (pair? l) (or (found? (car l)) (loop (cdr l))))))

    (define (every good? l)
      (let loop ((l l) (last #t))
        (if (pair? l)
            (let ((value (good? (car l))))
              (and value (loop (cdr l) value)))
            last)))

    (define iota
      (case-lambda
        ((count) (iota count 0 1))
        ((count start) (iota count start 1))
        ((count start step)
         (%check-list-length 'iota count)
         ;; the first is `start` itself, also where the others are inexact
         (let loop ((index (- count 1)) (out '()))
           (cond ((> index 0) (loop (- index 1) (cons (+ start (* index step)) out)))
                 ((= index 0) (cons start out))
                 (else out))))))

    (define (list-tabulate count f)
      (%check-list-length 'list-tabulate count)
      (let loop ((index (- count 1)) (out '()))
        (if (< index 0) out (loop (- index 1) (cons (f index) out)))))

    (define member
      (case-lambda
        ((key l) (%member-equal key l))
        ((key l same?)
         (let loop ((rest l))
           (cond ((pair? rest) (if (same? key (car rest)) rest (loop (cdr rest))))
                 (else (%end-of-list 'member rest l) #f))))))

    (define assoc
      (case-lambda
        ((key l) (%assoc-equal key l))
        ((key l same?)
         (let loop ((rest l))
           (cond ((pair? rest) (if (same? key (car (car rest))) (car rest) (loop (cdr rest))))
                 (else (%end-of-list 'assoc rest l) #f))))))

    (define (apply-to-list f l) (apply f l))

    ;; A stable merge sort. A predicate that lies gets some order, and the sort still ends.
    (define (list-sort less? l)
      (define (merge a b)
        (let loop ((a a) (b b) (out '()))
          (cond ((null? a) (append-reverse out b))
                ((null? b) (append-reverse out a))
                ((less? (car b) (car a)) (loop a (cdr b) (cons (car b) out)))
                (else (loop (cdr a) b (cons (car a) out))))))
      (define (sort-first l n)
        (if (= n 1)
            (list (car l))
            (let ((half (quotient n 2)))
              (merge (sort-first l half)
                     (sort-first (list-tail l half) (- n half))))))
      (%check-procedure 'list-sort less?)
      (let ((n (length l)))
        (if (= n 0) '() (sort-first l n))))

    (define (sort sequence less?)
      (if (vector? sequence)
          (list->vector (list-sort less? (vector->list sequence)))
          (list-sort less? sequence)))

    ;; --- vectors and strings

    (define (%shortest lengths)
      (reduce min 0 lengths))

    (define vector-map
      (case-lambda
        ((f first)
         (let ((n (vector-length first)))
           (let loop ((i 0) (out '()))
             (if (< i n)
                 (loop (+ i 1) (cons (f (vector-ref first i)) out))
                 (list->vector (reverse out))))))
        ((f first second)
         (let ((n (min (vector-length first) (vector-length second))))
           (let loop ((i 0) (out '()))
             (if (< i n)
                 (loop (+ i 1) (cons (f (vector-ref first i) (vector-ref second i)) out))
                 (list->vector (reverse out))))))
        ((f first . rest)
         (let* ((vectors (cons first rest))
                (n (%shortest (map (lambda (v) (vector-length v)) vectors))))
           (let loop ((i 0) (out '()))
             (if (< i n)
                 (loop (+ i 1)
                       (cons (apply f (map (lambda (v) (vector-ref v i)) vectors)) out))
                 (list->vector (reverse out))))))))

    (define vector-for-each
      (case-lambda
        ((f first)
         (let ((n (vector-length first)))
           (let loop ((i 0))
             (if (< i n)
                 (begin (f (vector-ref first i)) (loop (+ i 1)))))))
        ((f first second)
         (let ((n (min (vector-length first) (vector-length second))))
           (let loop ((i 0))
             (if (< i n)
                 (begin (f (vector-ref first i) (vector-ref second i)) (loop (+ i 1)))))))
        ((f first . rest)
         (let* ((vectors (cons first rest))
                (n (%shortest (map (lambda (v) (vector-length v)) vectors))))
           (let loop ((i 0))
             (if (< i n)
                 (begin (apply f (map (lambda (v) (vector-ref v i)) vectors))
                        (loop (+ i 1)))))))))

    (define (string-map f first . rest)
      (if (null? rest)
          (list->string (map f (string->list first)))
          (list->string (apply map f (map (lambda (s) (string->list s)) (cons first rest))))))

    (define (string-for-each f first . rest)
      (if (null? rest)
          (let ((n (string-length first)))
            (let loop ((i 0))
              (if (< i n)
                  (begin (f (string-ref first i)) (loop (+ i 1))))))
          (apply for-each f (map (lambda (s) (string->list s)) (cons first rest)))))

    (define (string-count s matches?)
      (let ((n (string-length s)))
        (let loop ((i 0) (count 0))
          (if (< i n)
              (loop (+ i 1) (if (matches? (string-ref s i)) (+ count 1) count))
              count))))

    ;; --- control

    (define call-with-current-continuation %call/cc)
    (define call/cc %call/cc)
    (define call-with-escape-continuation %call/cc)

    ;; A wind is #(before after dynamic-state-outside). The winds of the dynamic state are a list of them.
    ;; Several values are one object where nobody receives them: so `results` here and below is whatever thunk gave.
    (define (dynamic-wind before thunk after)
      (before)
      (let ((outside (%dynamic)))
        (%set-dynamic-winds! (cons (vector before after outside) (%dynamic-winds)))
        (let ((results (thunk)))
          (%set-dynamic! outside)
          (after)
          results)))

    ;; The interpreter calls this before it throws to a continuation whose winds are others than the present ones:
    ;; leave what is not common, innermost first, then enter, outermost first.
    (define (%reroot target)
      (let* ((here (%dynamic-winds))
             (common (%common-tail here (length here) target (length target))))
        (let leave ((l here))
          (if (not (eq? l common))
              (let ((wind (car l)))
                (%set-dynamic! (vector-ref wind 2))
                ((vector-ref wind 1))
                (leave (cdr l)))))
        (let enter ((l target))
          (if (not (eq? l common))
              (begin
                (enter (cdr l))
                (let ((wind (car l)))
                  (%set-dynamic! (vector-ref wind 2))
                  ((vector-ref wind 0))))))))

    (define (%common-tail a na b nb)
      (cond ((eq? a b) a)
            ((> na nb) (%common-tail (cdr a) (- na 1) b nb))
            ((> nb na) (%common-tail a na (cdr b) (- nb 1)))
            (else (%common-tail (cdr a) (- na 1) (cdr b) (- nb 1)))))

    ;; --- conditions

    (define (with-exception-handler handler thunk)
      (%check-procedure 'with-exception-handler handler)
      (%with-handlers (cons handler (%handlers)) thunk))

    (define (error message . irritants)
      (raise (%make-condition 'user message irritants #f)))

    ;; What guard expands into (the contracts are in src/schooner/expand/builtins.def). Its handler leaves with what was
    ;; caught; anything else is what body gave.
    (define (%guard body handler)
      (let ((result
             (%call/cc
              (lambda (leave)
                (%with-guard
                 (lambda (condition) ((%call/cc (lambda (resume) (leave (%caught condition resume))))))
                 body)))))
        (if (%caught? result)
            (let ((caught (%caught-object result)))
              (handler (car caught) (lambda () ((cdr caught) (lambda () (raise-continuable (car caught)))))))
            result)))

    (define (%guard-else body handler)
      (let ((result
             (%call/cc
              (lambda (leave)
                (%with-guard (lambda (condition) (leave (%caught condition))) body)))))
        (if (%caught? result)
            (handler (%caught-object result))
            result)))

    ;; --- keyword arguments (define*, lambda*)

    (define (%keyword-ref rest key)
      (cond ((not (pair? rest)) (%default))
            ((not (keyword? (car rest))) (%keyword-ref (cdr rest) key))
            ((not (pair? (cdr rest))) (%default))
            ((eq? (car rest) key) (car (cdr rest)))
            (else (%keyword-ref (cdr (cdr rest)) key))))

    (define (%check-keywords name rest known mode)
      (define (refuse message . irritants)
        (raise (%make-condition 'arity-error message irritants name)))
      (if (< mode 2)
          (let loop ((l rest))
            (if (pair? l)
                (cond ((not (keyword? (car l))) (refuse "expected a keyword, got" (car l)))
                      ((not (pair? (cdr l))) (refuse "no value behind the keyword" (car l)))
                      ((and (= mode 0) (not (memq (car l) known))) (refuse "unknown keyword" (car l)))
                      (else (loop (cdr (cdr l)))))))))

    (define (%too-many-arguments name rest)
      (raise (%make-condition 'arity-error "too many arguments; the first that is not wanted is" (list (car rest)) name)))

    ;; --- parameters

    (define make-parameter
      (case-lambda
        ((value) (%make-parameter value #f))
        ((value converter) (%make-parameter (converter value) converter))))

    ;; (%parameterize thunk parameter value ...)
    (define (%parameterize thunk . bindings)
      (let loop ((l bindings) (bound (%parameters)))
        (if (pair? l)
            (let* ((converter (%parameter-converter (car l)))
                   (value (car (cdr l)))
                   (converted (if converter (converter value) value)))
              (loop (cdr (cdr l)) (cons (cons (car l) converted) bound)))
            (%with-parameters bound thunk))))

    (define current-output-port (%standard-parameter 0))
    (define current-error-port (%standard-parameter 1))
    (define current-input-port (%standard-parameter 2))

    ;; --- promises (R7RS 7.3)

    (define (%delay-force thunk) (%make-promise #f thunk))
    (define (%delay thunk) (%make-promise #f (lambda () (%make-promise #t (thunk)))))

    (define (make-promise value)
      (if (promise? value) value (%make-promise #t value)))

    (define (force promise)
      (if (promise? promise)
          (let loop ()
            (if (%promise-done? promise)
                (%promise-content promise)
                (let ((next ((%promise-content promise))))
                  (if (not (%promise-done? promise))
                      (%promise-join! promise next))
                  (loop))))
          promise))

    ;; --- ports

    (define (call-with-port port f)
      (let ((results (f port)))
        (close-port port)
        results))

    (define (call-with-output-string f)
      (let ((port (open-output-string)))
        (f port)
        (get-output-string port)))

    (define (with-output-to-string thunk)
      (let ((port (open-output-string)))
        (%parameterize thunk current-output-port port)
        (get-output-string port)))

    (define (features)
      '(r7rs exact-closed exact-complex ieee-float full-unicode ratios schooner))))
