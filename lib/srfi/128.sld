;; SRFI 128: comparators: a type test, an equality, an order and a hash function in one object.
;; The hash functions are ordinary arithmetic below 2^25, so that the products stay small integers.
(define-library (srfi 128)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) values apply error))
  (export
    comparator? comparator-ordered? comparator-hashable?
    make-comparator make-pair-comparator make-list-comparator make-vector-comparator
    make-eq-comparator make-eqv-comparator make-equal-comparator
    boolean-hash char-hash char-ci-hash string-hash string-ci-hash symbol-hash number-hash
    make-default-comparator default-hash comparator-register-default!
    comparator-type-test-predicate comparator-equality-predicate comparator-ordering-predicate
    comparator-hash-function comparator-test-type comparator-check-type comparator-hash
    hash-bound hash-salt %comparator-same? %register-default
    =? <? >? <=? >=? comparator-if<=>)
  (begin

    (define-record-type comparator
      (%comparator %type-test %equality %ordering %hash %ordered? %hashable?)
      comparator?
      (%type-test comparator-type-test-predicate)
      (%equality comparator-equality-predicate)
      (%ordering comparator-ordering-predicate)
      (%hash comparator-hash-function)
      (%ordered? comparator-ordered?)
      (%hashable? comparator-hashable?))

    (define (make-comparator type-test equality ordering hash)
      (let ((type-test (if (eq? type-test #t) (lambda (x) #t) type-test)))
        (%comparator
         type-test
         (if (eq? equality #t)
             (lambda (a b) (and (not (ordering a b)) (not (ordering b a))))
             equality)
         (or ordering (lambda (a b) (error "the comparator has no order" a b)))
         (or hash (lambda (x . rest) (error "the comparator has no hash function" x)))
         (if ordering #t #f)
         (if hash #t #f))))

    (define (comparator-test-type comparator x)
      ((comparator-type-test-predicate comparator) x))
    (define (comparator-check-type comparator x)
      (if (comparator-test-type comparator x)
          #t
          (error "the comparator is not for this" comparator x)))
    (define (comparator-hash comparator x)
      ((comparator-hash-function comparator) x))

    ;; Do they compare keys alike? Those made twice from the same procedures do.
    (define (%comparator-same? a b)
      (or (eq? a b)
          (and (eq? (comparator-equality-predicate a) (comparator-equality-predicate b))
               (eq? (comparator-ordered? a) (comparator-ordered? b))
               (or (not (comparator-ordered? a))
                   (eq? (comparator-ordering-predicate a) (comparator-ordering-predicate b)))
               (eq? (comparator-hashable? a) (comparator-hashable? b))
               (or (not (comparator-hashable? a))
                   (eq? (comparator-hash-function a) (comparator-hash-function b))))))

    ;; --- hash functions

    (define-syntax hash-bound (syntax-rules () ((_) 33554432)))
    (define-syntax hash-salt (syntax-rules () ((_) 16064047)))

    (define (%mix hash value)
      (modulo (+ (* 31 hash) value) 33554432))

    (define (boolean-hash x) (if x 16064048 16064047))
    (define (char-hash c) (%mix 16064047 (char->integer c)))
    (define (char-ci-hash c) (char-hash (char-foldcase c)))
    ;; A second argument is the bound that SRFI 69 has.
    (define string-hash
      (case-lambda
        ((s) (%string-hash s))
        ((s bound) (if (and (exact-integer? bound) (> bound 0)) (modulo (%string-hash s) bound) (%string-hash s)))))
    (define string-ci-hash
      (case-lambda
        ((s) (%string-hash (string-foldcase s)))
        ((s bound) (string-hash (string-foldcase s) bound))))
    (define (symbol-hash s) (string-hash (symbol->string s)))

    ;; Numbers that are `=` have the same hash; so an inexact one that is an integer goes the way of the exact one.
    (define (number-hash x)
      (cond ((exact-integer? x) (modulo x 33554393))
            ((not (real? x)) (%mix (number-hash (real-part x)) (number-hash (imag-part x))))
            ((not (= x x)) 1)
            ((infinite? x) (if (> x 0) 2 3))
            (else
             (let ((x (exact x)))
               (if (exact-integer? x)
                   (modulo x 33554393)
                   (%mix (modulo (numerator x) 33554393) (modulo (denominator x) 33554393)))))))

    ;; --- of structures

    (define (make-pair-comparator of-car of-cdr)
      (make-comparator
       (lambda (x)
         (and (pair? x) (comparator-test-type of-car (car x)) (comparator-test-type of-cdr (cdr x))))
       (lambda (a b)
         (and (=? of-car (car a) (car b)) (=? of-cdr (cdr a) (cdr b))))
       (and (comparator-ordered? of-car) (comparator-ordered? of-cdr)
            (lambda (a b)
              (if (=? of-car (car a) (car b))
                  (<? of-cdr (cdr a) (cdr b))
                  (<? of-car (car a) (car b)))))
       (and (comparator-hashable? of-car) (comparator-hashable? of-cdr)
            (lambda (x) (%mix (comparator-hash of-car (car x)) (comparator-hash of-cdr (cdr x)))))))

    ;; The order of lists is that of a dictionary. Also of what only is like a list, as the arguments tell.
    (define make-list-comparator
      (case-lambda
        ((element) (make-list-comparator element list? null? car cdr))
        ((element type-test empty? head tail)
         (make-comparator
          (lambda (x)
            (and (type-test x)
                 (let loop ((x x))
                   (or (empty? x)
                       (and (comparator-test-type element (head x)) (loop (tail x)))))))
          (lambda (a b)
            (let loop ((a a) (b b))
              (cond ((empty? a) (empty? b))
                    ((empty? b) #f)
                    (else (and (=? element (head a) (head b)) (loop (tail a) (tail b)))))))
          (and (comparator-ordered? element)
               (lambda (a b)
                 (let loop ((a a) (b b))
                   (cond ((empty? a) (not (empty? b)))
                         ((empty? b) #f)
                         ((=? element (head a) (head b)) (loop (tail a) (tail b)))
                         (else (<? element (head a) (head b)))))))
          (and (comparator-hashable? element)
               (lambda (x)
                 (let loop ((x x) (hash 16064047))
                   (if (empty? x) hash (loop (tail x) (%mix hash (comparator-hash element (head x))))))))))))

    ;; A vector that is shorter is less.
    (define make-vector-comparator
      (case-lambda
        ((element) (make-vector-comparator element vector? vector-length vector-ref))
        ((element type-test size ref)
         (make-comparator
          (lambda (x)
            (and (type-test x)
                 (let ((n (size x)))
                   (let loop ((i 0))
                     (or (= i n) (and (comparator-test-type element (ref x i)) (loop (+ i 1))))))))
          (lambda (a b)
            (let ((n (size a)))
              (and (= n (size b))
                   (let loop ((i 0))
                     (or (= i n) (and (=? element (ref a i) (ref b i)) (loop (+ i 1))))))))
          (and (comparator-ordered? element)
               (lambda (a b)
                 (let ((n (size a)))
                   (or (< n (size b))
                       (and (= n (size b))
                            (let loop ((i 0))
                              (cond ((= i n) #f)
                                    ((=? element (ref a i) (ref b i)) (loop (+ i 1)))
                                    (else (<? element (ref a i) (ref b i))))))))))
          (and (comparator-hashable? element)
               (lambda (x)
                 (let ((n (size x)))
                   (let loop ((i 0) (hash 16064047))
                     (if (= i n) hash (loop (+ i 1) (%mix hash (comparator-hash element (ref x i)))))))))))))

    ;; --- the default comparator: by rank of the type, then inside of the type

    ;; The comparators of more types are state of the machine, the latest first; #f at the beginning.
    (define %state (%standard-parameter 4))
    (define (%registered) (or (%state) '()))
    (define (%register-default comparator)
      (if (not (memq comparator (%registered)))
          (%standard-parameter-set! 4 (cons comparator (%registered)))))
    (define (comparator-register-default! comparator)
      (if (not (comparator? comparator)) (%raise-type 'comparator-register-default! 1 "a comparator" comparator))
      (%register-default comparator)
      (%unspecified))
    ;; The first that was registered goes before the others.
    (define (%registered-for x)
      (let loop ((all (%registered)) (found #f))
        (cond ((null? all) found)
              ((comparator-test-type (car all) x) (loop (cdr all) (car all)))
              (else (loop (cdr all) found)))))

    (define %unknown 1000000000)
    (define (%rank x)
      (cond ((null? x) 0) ((pair? x) 1) ((boolean? x) 2) ((char? x) 3) ((string? x) 4) ((symbol? x) 5)
            ((number? x) 6) ((vector? x) 7) ((bytevector? x) 8)
            (else
             (let ((own (%registered-for x)))
               (if own (+ 8 (length (memq own (%registered)))) %unknown)))))

    ;; What is not a number stands before the numbers.
    (define (%number<? a b)
      (if (and (real? a) (real? b))
          (or (< a b) (and (nan? a) (not (nan? b))))
          (or (< (real-part a) (real-part b))
              (and (= (real-part a) (real-part b)) (< (imag-part a) (imag-part b))))))

    ;; Below, equal or above (-1, 0, 1) of lists of things yet to be compared: a list for the sequences that wait, so that
    ;; deep structures need no deep calls. Without an order is what no comparator knows: it is another thing, or an error
    ;; where an order is asked for.
    (define (%order a b ordered?)
      (define (unordered a b)
        (if ordered? (error "the default comparator has no order for these" a b) 1))
      (let loop ((a a) (b b) (waiting '()))
        (define (next)
          (if (null? waiting)
              0
              (loop (car (car waiting)) (cdr (car waiting)) (cdr waiting))))
        (let ((ra (%rank a)) (rb (%rank b)))
          (define (by less?)
            (cond ((less? a b) -1) ((less? b a) 1) (else (next))))
          (cond ((eq? a b) (next))
                ((< ra rb) -1)
                ((> ra rb) 1)
                ((= ra 0) (next))
                ((= ra 1) (loop (car a) (car b) (cons (cons (cdr a) (cdr b)) waiting)))
                ((= ra 2) (if a 1 -1))
                ((= ra 3) (by char<?))
                ((= ra 4) (by string<?))
                ((= ra 5) (by symbol<?))
                ((= ra 6) (by %number<?))
                ((= ra 7)
                 (let ((na (vector-length a)) (nb (vector-length b)))
                   (cond ((< na nb) -1)
                         ((> na nb) 1)
                         (else (loop (vector->list a) (vector->list b) waiting)))))
                ((= ra 8) (%order-bytes a b next))
                ((= ra %unknown) (if (eqv? a b) (next) (unordered a b)))
                (else
                 (let ((own (%registered-for a)))
                   (cond ((=? own a b) (next))
                         ((not (comparator-ordered? own)) (unordered a b))
                         ((<? own a b) -1)
                         (else 1))))))))

    (define (%order-bytes a b next)
      (let ((na (bytevector-length a)) (nb (bytevector-length b)))
        (cond ((< na nb) -1)
              ((> na nb) 1)
              (else
               (let loop ((i 0))
                 (cond ((= i na) (next))
                       ((= (bytevector-u8-ref a i) (bytevector-u8-ref b i)) (loop (+ i 1)))
                       ((< (bytevector-u8-ref a i) (bytevector-u8-ref b i)) -1)
                       (else 1)))))))

    (define (%default=? a b) (= (%order a b #f) 0))
    (define (%default<? a b) (= (%order a b #t) -1))

    (define (default-hash x)
      (let loop ((x x) (waiting '()) (hash 16064047))
        (define (next hash)
          (if (null? waiting) hash (loop (car waiting) (cdr waiting) hash)))
        (let ((rank (%rank x)))
          (cond ((= rank 1) (loop (car x) (cons (cdr x) waiting) (%mix hash 1)))
                ((= rank 2) (next (%mix hash (boolean-hash x))))
                ((= rank 3) (next (%mix hash (char-hash x))))
                ((= rank 4) (next (%mix hash (string-hash x))))
                ((= rank 5) (next (%mix hash (symbol-hash x))))
                ((= rank 6) (next (%mix hash (number-hash x))))
                ((= rank 7) (loop (vector->list x) waiting (%mix hash 7)))
                ((= rank 8)
                 (let ((n (bytevector-length x)))
                   (let each ((i 0) (hash hash))
                     (if (< i n) (each (+ i 1) (%mix hash (bytevector-u8-ref x i))) (next hash)))))
                ((= rank 0) (next (%mix hash 0)))
                ((= rank %unknown) (next (%mix hash 9)))
                (else
                 (let ((own (%registered-for x)))
                   (next (%mix hash (if (comparator-hashable? own) (comparator-hash own x) 9)))))))))

    ;; One of each, so that tables made by different hands have the same.
    (define %default (make-comparator #t %default=? %default<? default-hash))
    (define (make-default-comparator) %default)

    (define %eq (make-comparator #t eq? #f default-hash))
    (define %eqv (make-comparator #t eqv? #f default-hash))
    (define %equal (make-comparator #t equal? #f default-hash))
    (define (make-eq-comparator) %eq)
    (define (make-eqv-comparator) %eqv)
    (define (make-equal-comparator) %equal)

    ;; --- comparing

    (define (%chain holds? a b rest)
      (and (holds? a b)
           (or (null? rest) (%chain holds? b (car rest) (cdr rest)))))
    (define (=? comparator a b . rest)
      (%chain (comparator-equality-predicate comparator) a b rest))
    (define (<? comparator a b . rest)
      (%chain (comparator-ordering-predicate comparator) a b rest))
    (define (>? comparator a b . rest)
      (let ((less? (comparator-ordering-predicate comparator)))
        (%chain (lambda (a b) (less? b a)) a b rest)))
    (define (<=? comparator a b . rest)
      (let ((less? (comparator-ordering-predicate comparator)))
        (%chain (lambda (a b) (not (less? b a))) a b rest)))
    (define (>=? comparator a b . rest)
      (let ((less? (comparator-ordering-predicate comparator)))
        (%chain (lambda (a b) (not (less? a b))) a b rest)))

    (define-syntax comparator-if<=>
      (syntax-rules ()
        ((_ a b less equal greater)
         (comparator-if<=> (make-default-comparator) a b less equal greater))
        ((_ comparator a b less equal greater)
         (let ((c comparator) (x a) (y b))
           (cond ((=? c x y) equal)
                 ((<? c x y) less)
                 (else greater))))))))
