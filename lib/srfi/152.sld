;; SRFI 152: strings. What walks over a string takes a list of its characters first, so an index is never looked up twice.
(define-library (srfi 152)
  (import (schooner primitives) (schooner syntax)
          (only (schooner kernel) string-map string-for-each map values apply error))
  (export
    string? string-null? string-every string-any
    make-string string string-tabulate string-unfold string-unfold-right
    string->vector string->list vector->string list->string reverse-list->string
    string-length string-ref substring string-copy string-take string-drop string-take-right string-drop-right
    string-pad string-pad-right string-trim string-trim-right string-trim-both
    string-replace
    string=? string<? string>? string<=? string>=? string-ci=? string-ci<? string-ci>? string-ci<=? string-ci>=?
    string-prefix-length string-suffix-length string-prefix? string-suffix?
    string-index string-index-right string-skip string-skip-right string-contains string-contains-right
    string-take-while string-take-while-right string-drop-while string-drop-while-right string-break string-span
    string-append string-concatenate string-concatenate-reverse string-join
    string-fold string-fold-right string-map string-for-each string-count string-filter string-remove
    string-replicate string-segment string-split
    read-line read-string write-string string-set! string-fill! string-copy!)
  (begin

    (define (%check-string who s)
      (if (not (string? s)) (%raise-type who 1 "a string" s)))

    ;; (start . end) out of the optional arguments
    (define (%range who s rest)
      (%check-string who s)
      (let* ((n (string-length s))
             (start (if (pair? rest) (car rest) 0))
             (end (if (and (pair? rest) (pair? (cdr rest))) (cadr rest) n)))
        (if (not (and (exact-integer? start) (exact-integer? end) (<= 0 start end n)))
            (error "the range is not in the string" who start end n))
        (cons start end)))

    (define (%part who s rest)
      (if (null? rest)
          (begin (%check-string who s) s)
          (let ((range (%range who s rest)))
            (substring s (car range) (cdr range)))))
    (define (%chars who s rest)
      (let ((range (%range who s rest)))
        (string->list s (car range) (cdr range))))

    ;; --- predicates

    (define (string-null? s) (= (string-length s) 0))

    (define (string-every good? s . range)
      (let ((l (%chars 'string-every s range)))
        (or (null? l)
            (let loop ((c (car l)) (l (cdr l)))
              (if (null? l)
                  (good? c)
                  (and (good? c) (loop (car l) (cdr l))))))))

    (define (string-any found? s . range)
      (let ((l (%chars 'string-any s range)))
        (and (pair? l)
             (let loop ((c (car l)) (l (cdr l)))
               (if (null? l)
                   (found? c)
                   (or (found? c) (loop (car l) (cdr l))))))))

    ;; --- making

    (define (string-tabulate f n)
      (let loop ((i 0) (out '()))
        (if (< i n) (loop (+ i 1) (cons (f i) out)) (list->string (reverse out)))))

    (define (%piece x) (if (char? x) (string x) x))

    (define (string-unfold stop? mapper successor seed . rest)
      (let ((base (if (pair? rest) (car rest) ""))
            (final (if (and (pair? rest) (pair? (cdr rest))) (cadr rest) (lambda (seed) ""))))
        (let loop ((seed seed) (out (list (%piece base))))
          (if (stop? seed)
              (%string-join (reverse (cons (%piece (final seed)) out)) "")
              (let ((piece (%piece (mapper seed))))
                (loop (successor seed) (cons piece out)))))))

    (define (string-unfold-right stop? mapper successor seed . rest)
      (let ((base (if (pair? rest) (car rest) ""))
            (final (if (and (pair? rest) (pair? (cdr rest))) (cadr rest) (lambda (seed) ""))))
        (let loop ((seed seed) (out (list (%piece base))))
          (if (stop? seed)
              (%string-join (cons (%piece (final seed)) out) "")
              (let ((piece (%piece (mapper seed))))
                (loop (successor seed) (cons piece out)))))))

    (define (reverse-list->string l) (list->string (reverse l)))

    ;; --- selection

    (define (string-take s n) (substring s 0 n))
    (define (string-drop s n) (substring s n (string-length s)))
    (define (string-take-right s n)
      (let ((length (string-length s))) (substring s (- length n) length)))
    (define (string-drop-right s n) (substring s 0 (- (string-length s) n)))

    (define string-pad
      (case-lambda
        ((s n) (string-pad s n #\space))
        ((s n c . range)
         (let* ((s (%part 'string-pad s range)) (length (string-length s)))
           (if (<= n length)
               (substring s (- length n) length)
               (string-append (make-string (- n length) c) s))))))

    (define string-pad-right
      (case-lambda
        ((s n) (string-pad-right s n #\space))
        ((s n c . range)
         (let* ((s (%part 'string-pad-right s range)) (length (string-length s)))
           (if (<= n length)
               (substring s 0 n)
               (string-append s (make-string (- n length) c)))))))

    (define (%trim who s rest left? right?)
      (let* ((drop? (if (pair? rest) (car rest) char-whitespace?))
             (range (%range who s (if (pair? rest) (cdr rest) '())))
             (start (if left? (%forward s drop? (car range) (cdr range)) (car range)))
             (end (if right? (%backward s drop? start (cdr range)) (cdr range))))
        (substring s start end)))
    (define (string-trim s . rest) (%trim 'string-trim s rest #t #f))
    (define (string-trim-right s . rest) (%trim 'string-trim-right s rest #f #t))
    (define (string-trim-both s . rest) (%trim 'string-trim-both s rest #t #t))

    ;; The first index at which the character is not `good?`, or the end; and the index behind the last one, or the start.
    (define (%forward s good? start end)
      (let loop ((i start) (l (string->list s start end)))
        (if (and (pair? l) (good? (car l))) (loop (+ i 1) (cdr l)) i)))
    (define (%backward s good? start end)
      (let loop ((i end) (l (reverse (string->list s start end))))
        (if (and (pair? l) (good? (car l))) (loop (- i 1) (cdr l)) i)))

    (define (string-replace s with start end . range)
      (string-append (substring s 0 start) (%part 'string-replace with range) (substring s end (string-length s))))

    ;; --- prefixes

    (define (%two who a b rest f)
      (let ((skip (if (and (pair? rest) (pair? (cdr rest))) (cddr rest) '())))
        (f (%part who a (if (pair? skip) (list (car rest) (cadr rest)) rest)) (%part who b skip))))

    (define (%common a b)
      (let loop ((a a) (b b) (n 0))
        (if (and (pair? a) (pair? b) (char=? (car a) (car b)))
            (loop (cdr a) (cdr b) (+ n 1))
            n)))
    (define (string-prefix-length a b . rest)
      (%two 'string-prefix-length a b rest
            (lambda (a b) (%common (string->list a) (string->list b)))))
    (define (string-suffix-length a b . rest)
      (%two 'string-suffix-length a b rest
            (lambda (a b) (%common (reverse (string->list a)) (reverse (string->list b))))))
    (define (string-prefix? a b . rest)
      (%two 'string-prefix? a b rest
            (lambda (a b)
              (let ((n (string-length a)))
                (and (<= n (string-length b)) (string=? a (substring b 0 n)))))))
    (define (string-suffix? a b . rest)
      (%two 'string-suffix? a b rest
            (lambda (a b)
              (let ((n (string-length a)) (m (string-length b)))
                (and (<= n m) (string=? a (substring b (- m n) m)))))))

    ;; --- searching

    (define (%not f) (lambda (c) (not (f c))))

    (define (%skip who s good? rest)
      (let* ((range (%range who s rest)) (i (%forward s good? (car range) (cdr range))))
        (and (< i (cdr range)) i)))
    (define (%skip-right who s good? rest)
      (let* ((range (%range who s rest)) (i (%backward s good? (car range) (cdr range))))
        (and (> i (car range)) (- i 1))))
    (define (string-index s found? . range) (%skip 'string-index s (%not found?) range))
    (define (string-index-right s found? . range) (%skip-right 'string-index-right s (%not found?) range))
    (define (string-skip s good? . range) (%skip 'string-skip s good? range))
    (define (string-skip-right s good? . range) (%skip-right 'string-skip-right s good? range))

    (define (string-contains s pattern . rest)
      (let ((start (if (pair? rest) (car rest) 0)))
        (%two 'string-contains s pattern rest
              (lambda (part pattern)
                (let ((i (%string-search pattern part)))
                  (and i (+ start i)))))))

    ;; The last match of the pattern is the first one of its mirror image in the mirror image.
    (define (string-contains-right s pattern . rest)
      (let ((start (if (pair? rest) (car rest) 0)))
        (%two 'string-contains-right s pattern rest
              (lambda (part pattern)
                (let ((i (%string-search (%mirror pattern) (%mirror part))))
                  (and i (+ start (- (string-length part) i (string-length pattern)))))))))
    (define (%mirror s) (list->string (reverse (string->list s))))

    (define (string-take-while s good? . range)
      (let ((range (%range 'string-take-while s range)))
        (substring s (car range) (%forward s good? (car range) (cdr range)))))
    (define (string-drop-while s good? . range)
      (let ((range (%range 'string-drop-while s range)))
        (substring s (%forward s good? (car range) (cdr range)) (cdr range))))
    (define (string-take-while-right s good? . range)
      (let ((range (%range 'string-take-while-right s range)))
        (substring s (%backward s good? (car range) (cdr range)) (cdr range))))
    (define (string-drop-while-right s good? . range)
      (let ((range (%range 'string-drop-while-right s range)))
        (substring s (car range) (%backward s good? (car range) (cdr range)))))
    (define (string-span s good? . range)
      (let* ((range (%range 'string-span s range)) (i (%forward s good? (car range) (cdr range))))
        (values (substring s (car range) i) (substring s i (cdr range)))))
    (define (string-break s bad? . range)
      (apply string-span s (%not bad?) range))

    ;; --- concatenation

    (define (string-concatenate l) (%string-join l ""))

    (define string-concatenate-reverse
      (case-lambda
        ((l) (%string-join (reverse l) ""))
        ((l final) (%string-join (reverse (cons final l)) ""))
        ((l final end) (%string-join (reverse (cons (substring final 0 end) l)) ""))))

    (define string-join
      (case-lambda
        ((l) (string-join l " " 'infix))
        ((l delimiter) (string-join l delimiter 'infix))
        ((l delimiter grammar)
         (case grammar
           ((infix) (%string-join l delimiter))
           ((strict-infix)
            (if (null? l)
                (error "strict-infix joins one string at least" 'string-join)
                (%string-join l delimiter)))
           ((prefix) (if (null? l) "" (%string-join (cons "" l) delimiter)))
           ((suffix) (if (null? l) "" (string-append (%string-join l delimiter) delimiter)))
           (else (error "not a grammar of string-join" grammar))))))

    ;; --- folding

    (define (string-fold f start s . range)
      (let loop ((l (%chars 'string-fold s range)) (value start))
        (if (pair? l) (loop (cdr l) (f (car l) value)) value)))
    (define (string-fold-right f start s . range)
      (let loop ((l (reverse (%chars 'string-fold-right s range))) (value start))
        (if (pair? l) (loop (cdr l) (f (car l) value)) value)))
    (define (string-count s matches? . range)
      (let loop ((l (%chars 'string-count s range)) (n 0))
        (if (pair? l) (loop (cdr l) (if (matches? (car l)) (+ n 1) n)) n)))
    (define (string-filter keep? s . range)
      (let loop ((l (%chars 'string-filter s range)) (out '()))
        (if (pair? l)
            (loop (cdr l) (if (keep? (car l)) (cons (car l) out) out))
            (list->string (reverse out)))))
    (define (string-remove drop? s . range)
      (apply string-filter (%not drop?) s range))

    ;; --- replication and splitting

    ;; The string without end to both sides, from index `from` to index `to`.
    (define (string-replicate s from to . range)
      (let* ((s (%part 'string-replicate s range)) (n (string-length s)) (count (- to from)))
        (cond ((< count 0) (error "the range is not in the string" 'string-replicate from to))
              ((= count 0) "")
              ((= n 0) (error "nothing to replicate" 'string-replicate))
              (else
               (let* ((first (modulo from n))
                      (times (quotient (+ first count n -1) n)))
                 (substring (%string-join (make-list times s) "") first (+ first count)))))))

    (define (string-segment s k)
      (if (not (and (exact-integer? k) (> k 0)))
          (error "the length of a segment must be positive" 'string-segment k))
      (let ((n (string-length s)))
        (let loop ((i 0) (out '()))
          (if (< i n)
              (let ((end (min n (+ i k))))
                (loop end (cons (substring s i end) out)))
              (reverse out)))))

    (define string-split
      (case-lambda
        ((s delimiter) (string-split s delimiter 'infix #f))
        ((s delimiter grammar) (string-split s delimiter grammar #f))
        ((s delimiter grammar limit . range)
         (let ((s (%part 'string-split s range)))
           (if (not (memq grammar '(infix strict-infix prefix suffix)))
               (error "not a grammar of string-split" grammar))
           (cond ((string-null? s)
                  (if (eq? grammar 'strict-infix)
                      (error "strict-infix splits no empty string" 'string-split)
                      '()))
                 ((string-null? delimiter) (%split-characters s limit))
                 (else (%split s delimiter grammar limit)))))))

    (define (%split-characters s limit)
      (let ((n (string-length s)))
        (if (and limit (< limit (- n 1)))
            (append (map string (string->list s 0 limit)) (list (substring s limit n)))
            (map string (string->list s)))))

    (define (%split s delimiter grammar limit)
      (let* ((n (string-length s))
             (width (string-length delimiter))
             (prefix? (and (eq? grammar 'prefix) (string-prefix? delimiter s))))
        (let loop ((start (if prefix? width 0)) (count 0) (out '()))
          (let ((i (and (not (and limit (>= count limit))) (%string-search delimiter s start))))
            (cond (i (loop (+ i width) (+ count 1) (cons (substring s start i) out)))
                  ((and (= start n) (eq? grammar 'suffix)) (reverse out))
                  (else (reverse (cons (substring s start n) out))))))))))
