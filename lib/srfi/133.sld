;; SRFI 133: vectors. New vectors are made from lists, so what calls a procedure of the caller may be entered again.
;; The names that change a vector in place are seen only where mutation is allowed.
(define-library (srfi 133)
  (import (schooner primitives) (schooner syntax)
          (only (schooner kernel) vector-map vector-for-each map values apply error any))
  (export
    make-vector vector vector-unfold vector-unfold-right vector-copy vector-reverse-copy vector-append
    vector-concatenate vector-append-subvectors
    vector? vector-empty? vector=
    vector-ref vector-length
    vector-fold vector-fold-right vector-map vector-for-each vector-count vector-cumulate
    vector-index vector-index-right vector-skip vector-skip-right vector-binary-search vector-any vector-every
    vector-partition
    vector-map! vector-set! vector-swap! vector-fill! vector-reverse! vector-copy! vector-reverse-copy!
    vector-unfold! vector-unfold-right!
    vector->list reverse-vector->list list->vector reverse-list->vector vector->string string->vector)
  (begin

    (define (%check-range who v start end)
      (if (not (vector? v)) (%raise-type who 1 "a vector" v))
      (if (not (and (exact-integer? start) (exact-integer? end) (<= 0 start end (vector-length v))))
          (error "the range is not in the vector" who start end (vector-length v))))

    (define (%shortest v more)
      (let loop ((n (vector-length v)) (more more))
        (if (null? more) n (loop (min n (vector-length (car more))) (cdr more)))))

    (define (%refs vectors i)
      (map (lambda (v) (vector-ref v i)) vectors))

    ;; --- making

    (define (vector-unfold f n . seeds)
      (cond ((null? seeds)
             (let loop ((i 0) (out '()))
               (if (< i n) (loop (+ i 1) (cons (f i) out)) (list->vector (reverse out)))))
            ((null? (cdr seeds))
             (let loop ((i 0) (seed (car seeds)) (out '()))
               (if (< i n)
                   (call-with-values (lambda () (f i seed))
                     (lambda (x seed) (loop (+ i 1) seed (cons x out))))
                   (list->vector (reverse out)))))
            (else
             (let loop ((i 0) (seeds seeds) (out '()))
               (if (< i n)
                   (call-with-values (lambda () (apply f i seeds))
                     (lambda (x . seeds) (loop (+ i 1) seeds (cons x out))))
                   (list->vector (reverse out)))))))

    (define (vector-unfold-right f n . seeds)
      (let loop ((i (- n 1)) (seeds seeds) (out '()))
        (if (< i 0)
            (list->vector out)
            (call-with-values (lambda () (apply f i seeds))
              (lambda (x . seeds) (loop (- i 1) seeds (cons x out)))))))

    (define (vector-reverse-copy v . range)
      (list->vector (reverse (apply vector->list v range))))

    (define (vector-concatenate vectors)
      (list->vector
       (let loop ((vectors (reverse vectors)) (out '()))
         (if (null? vectors)
             out
             (loop (cdr vectors) (append (vector->list (car vectors)) out))))))

    (define (vector-append-subvectors . parts)
      (let loop ((parts parts) (out '()))
        (cond ((null? parts) (vector-concatenate (reverse out)))
              ((and (pair? (cdr parts)) (pair? (cddr parts)))
               (loop (cdddr parts)
                     (cons (vector-copy (car parts) (cadr parts) (caddr parts)) out)))
              (else (error "a vector, a start and an end are needed for each part" 'vector-append-subvectors)))))

    ;; --- predicates

    (define (vector-empty? v) (= (vector-length v) 0))

    (define (vector= same? . vectors)
      (define (same-vectors? a b)
        (or (eq? a b)
            (let ((n (vector-length a)))
              (and (= n (vector-length b))
                   (let loop ((i 0))
                     (or (= i n)
                         (and (same? (vector-ref a i) (vector-ref b i)) (loop (+ i 1)))))))))
      (or (null? vectors)
          (let loop ((a (car vectors)) (rest (cdr vectors)))
            (or (null? rest)
                (and (same-vectors? a (car rest)) (loop (car rest) (cdr rest)))))))

    ;; --- folding

    (define (vector-fold f start v . more)
      (if (null? more)
          (let ((n (vector-length v)))
            (let loop ((i 0) (value start))
              (if (< i n) (loop (+ i 1) (f value (vector-ref v i))) value)))
          (let ((n (%shortest v more)) (vectors (cons v more)))
            (let loop ((i 0) (value start))
              (if (< i n) (loop (+ i 1) (apply f value (%refs vectors i))) value)))))

    (define (vector-fold-right f start v . more)
      (if (null? more)
          (let loop ((i (- (vector-length v) 1)) (value start))
            (if (< i 0) value (loop (- i 1) (f value (vector-ref v i)))))
          (let ((vectors (cons v more)))
            (let loop ((i (- (%shortest v more) 1)) (value start))
              (if (< i 0) value (loop (- i 1) (apply f value (%refs vectors i))))))))

    (define (vector-count good? v . more)
      (let ((n (%shortest v more)) (vectors (cons v more)))
        (let loop ((i 0) (count 0))
          (if (< i n)
              (loop (+ i 1) (if (apply good? (%refs vectors i)) (+ count 1) count))
              count))))

    (define (vector-cumulate f start v)
      (let ((n (vector-length v)))
        (let loop ((i 0) (value start) (out '()))
          (if (< i n)
              (let ((value (f value (vector-ref v i))))
                (loop (+ i 1) value (cons value out)))
              (list->vector (reverse out))))))

    ;; --- searching

    (define (vector-index found? v . more)
      (let ((n (%shortest v more)) (vectors (cons v more)))
        (let loop ((i 0))
          (and (< i n)
               (if (apply found? (%refs vectors i)) i (loop (+ i 1)))))))

    (define (vector-index-right found? v . more)
      (let ((n (vector-length v)) (vectors (cons v more)))
        (if (any (lambda (other) (not (= n (vector-length other)))) more)
            (error "the vectors have different lengths" 'vector-index-right))
        (let loop ((i (- n 1)))
          (and (>= i 0)
               (if (apply found? (%refs vectors i)) i (loop (- i 1)))))))

    (define (%none good?)
      (lambda elements (not (apply good? elements))))
    (define (vector-skip good? v . more)
      (apply vector-index (%none good?) v more))
    (define (vector-skip-right good? v . more)
      (apply vector-index-right (%none good?) v more))

    (define vector-binary-search
      (case-lambda
        ((v x order) (vector-binary-search v x order 0 (vector-length v)))
        ((v x order start) (vector-binary-search v x order start (vector-length v)))
        ((v x order start end)
         (%check-range 'vector-binary-search v start end)
         (let loop ((low start) (high end))
           (and (< low high)
                (let* ((middle (quotient (+ low high) 2))
                       (outcome (order (vector-ref v middle) x)))
                  (cond ((= outcome 0) middle)
                        ((> outcome 0) (loop low middle))
                        (else (loop (+ middle 1) high)))))))))

    ;; The call for the last elements is a tail call.
    (define (vector-any found? v . more)
      (let ((n (%shortest v more)) (vectors (cons v more)))
        (and (> n 0)
             (let loop ((i 0))
               (if (= i (- n 1))
                   (apply found? (%refs vectors i))
                   (or (apply found? (%refs vectors i)) (loop (+ i 1))))))))

    (define (vector-every good? v . more)
      (let ((n (%shortest v more)) (vectors (cons v more)))
        (or (= n 0)
            (let loop ((i 0))
              (if (= i (- n 1))
                  (apply good? (%refs vectors i))
                  (and (apply good? (%refs vectors i)) (loop (+ i 1))))))))

    (define (vector-partition in? v)
      (let ((n (vector-length v)))
        (let loop ((i 0) (count 0) (in '()) (out '()))
          (cond ((= i n) (values (list->vector (append-reverse in (reverse out))) count))
                ((in? (vector-ref v i)) (loop (+ i 1) (+ count 1) (cons (vector-ref v i) in) out))
                (else (loop (+ i 1) count in (cons (vector-ref v i) out)))))))

    ;; --- in place

    (define (vector-map! f v . more)
      (vector-copy! v 0 (apply vector-map f v more)))

    (define (vector-swap! v i j)
      (let ((x (vector-ref v i)))
        (vector-set! v i (vector-ref v j))
        (vector-set! v j x)))

    (define vector-reverse!
      (case-lambda
        ((v) (vector-reverse! v 0 (vector-length v)))
        ((v start) (vector-reverse! v start (vector-length v)))
        ((v start end) (vector-copy! v start (vector-reverse-copy v start end)))))

    (define (vector-reverse-copy! to at from . range)
      (vector-copy! to at (apply vector-reverse-copy from range)))

    (define (vector-unfold! f v start end . seeds)
      (%check-range 'vector-unfold! v start end)
      (let loop ((i start) (seeds seeds))
        (if (< i end)
            (call-with-values (lambda () (apply f i seeds))
              (lambda (x . seeds)
                (vector-set! v i x)
                (loop (+ i 1) seeds))))))

    (define (vector-unfold-right! f v start end . seeds)
      (%check-range 'vector-unfold-right! v start end)
      (let loop ((i (- end 1)) (seeds seeds))
        (if (>= i start)
            (call-with-values (lambda () (apply f i seeds))
              (lambda (x . seeds)
                (vector-set! v i x)
                (loop (- i 1) seeds))))))

    ;; --- conversion

    (define (reverse-vector->list v . range)
      (reverse (apply vector->list v range)))
    (define (reverse-list->vector l)
      (list->vector (reverse l)))))
