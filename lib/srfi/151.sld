;; SRFI 151: integers as sequences of bits, in two's complement without end.
(define-library (srfi 151)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) values apply error))
  (export
    bitwise-not bitwise-and bitwise-ior bitwise-xor bitwise-eqv bitwise-nand bitwise-nor bitwise-andc1 bitwise-andc2
    bitwise-orc1 bitwise-orc2
    arithmetic-shift bit-count integer-length bitwise-if
    bit-set? copy-bit bit-swap any-bit-set? every-bit-set? first-set-bit
    bit-field bit-field-any? bit-field-every? bit-field-clear bit-field-set bit-field-replace
    bit-field-replace-same bit-field-rotate bit-field-reverse
    bits->list bits->vector list->bits vector->bits bits
    bitwise-fold bitwise-for-each bitwise-unfold make-bitwise-generator)
  (begin

    (define (bitwise-eqv . integers)
      (let loop ((value -1) (l integers))
        (if (null? l) value (loop (bitwise-not (bitwise-xor value (car l))) (cdr l)))))
    (define (bitwise-nand i j) (bitwise-not (bitwise-and i j)))
    (define (bitwise-nor i j) (bitwise-not (bitwise-ior i j)))
    (define (bitwise-andc1 i j) (bitwise-and (bitwise-not i) j))
    (define (bitwise-andc2 i j) (bitwise-and i (bitwise-not j)))
    (define (bitwise-orc1 i j) (bitwise-ior (bitwise-not i) j))
    (define (bitwise-orc2 i j) (bitwise-ior i (bitwise-not j)))

    (define (bitwise-if mask i j)
      (bitwise-ior (bitwise-and mask i) (bitwise-and (bitwise-not mask) j)))

    (define (%mask width) (- (arithmetic-shift 1 width) 1))

    ;; --- single bits

    (define (bit-set? index i)
      (odd? (arithmetic-shift i (- index))))
    (define (copy-bit index i bit)
      (let ((mask (arithmetic-shift 1 index)))
        (if bit (bitwise-ior i mask) (bitwise-and i (bitwise-not mask)))))
    (define (bit-swap index other i)
      (let ((bit (bit-set? index i)))
        (copy-bit other (copy-bit index i (bit-set? other i)) bit)))
    (define (any-bit-set? test i) (not (= 0 (bitwise-and test i))))
    (define (every-bit-set? test i) (= test (bitwise-and test i)))
    ;; i xor i-1 is ones up to the lowest bit of i; for 0 it is -1, of length 0.
    (define (first-set-bit i)
      (- (integer-length (bitwise-xor i (- i 1))) 1))

    ;; --- fields

    (define (bit-field i start end)
      (bitwise-and (%mask (- end start)) (arithmetic-shift i (- start))))
    (define (bit-field-any? i start end)
      (not (= 0 (bit-field i start end))))
    (define (bit-field-every? i start end)
      (= (%mask (- end start)) (bit-field i start end)))
    (define (bit-field-clear i start end)
      (bit-field-replace i 0 start end))
    (define (bit-field-set i start end)
      (bit-field-replace i -1 start end))
    (define (bit-field-replace to from start end)
      (let ((mask (%mask (- end start))))
        (bitwise-ior (bitwise-and to (bitwise-not (arithmetic-shift mask start)))
                     (arithmetic-shift (bitwise-and from mask) start))))
    (define (bit-field-replace-same to from start end)
      (bitwise-if (arithmetic-shift (%mask (- end start)) start) from to))
    (define (bit-field-rotate i count start end)
      (let ((width (- end start)))
        (if (= width 0)
            i
            (let* ((count (modulo count width))
                   (field (bit-field i start end)))
              (bit-field-replace i
                                 (bitwise-ior (arithmetic-shift field count)
                                              (arithmetic-shift field (- count width)))
                                 start end)))))
    (define (bit-field-reverse i start end)
      (let ((bits (%bits (bit-field i start end) (- end start))))
        (bit-field-replace i (%integer bits (- end start)) start end)))

    ;; --- conversions: halves, so that the work is n log n in the bits, not n squared

    ;; The lowest `count` bits, the lowest first.
    (define (%bits i count)
      (let loop ((i i) (count count) (tail '()))
        (cond ((<= count 0) tail)
              ((= count 1) (cons (odd? i) tail))
              (else
               (let ((half (quotient count 2)))
                 (loop (bitwise-and i (%mask half)) half
                       (loop (arithmetic-shift i (- half)) (- count half) tail)))))))

    ;; The other way round: the first of the list is the highest bit.
    (define (%integer bits count)
      (call-with-values
        (lambda ()
          (let loop ((l bits) (count count))
            (cond ((= count 0) (values 0 l))
                  ((= count 1) (values (if (car l) 1 0) (cdr l)))
                  (else
                   (let ((half (quotient count 2)))
                     (call-with-values (lambda () (loop l half))
                       (lambda (high l)
                         (call-with-values (lambda () (loop l (- count half)))
                           (lambda (low l)
                             (values (bitwise-ior (arithmetic-shift high (- count half)) low) l))))))))))
        (lambda (i rest) i)))

    (define bits->list
      (case-lambda
        ((i) (%bits i (integer-length i)))
        ((i count) (%bits i count))))
    (define bits->vector
      (case-lambda
        ((i) (list->vector (bits->list i)))
        ((i count) (list->vector (bits->list i count)))))
    (define (list->bits l) (%integer (reverse l) (length l)))
    (define (vector->bits v) (list->bits (vector->list v)))
    (define (bits . l) (list->bits l))

    ;; --- folding

    (define (bitwise-fold f start i)
      (let loop ((l (bits->list i)) (value start))
        (if (null? l) value (loop (cdr l) (f (car l) value)))))
    (define (bitwise-for-each f i)
      (let loop ((l (bits->list i)))
        (if (pair? l) (begin (f (car l)) (loop (cdr l))))))
    (define (bitwise-unfold stop? mapper successor seed)
      (let loop ((seed seed) (out '()) (count 0))
        (if (stop? seed)
            (%integer out count)
            (loop (successor seed) (cons (mapper seed) out) (+ count 1)))))
    ;; A generator has a state of its own: a vector of one element.
    (define (make-bitwise-generator i)
      (let ((state (vector i)))
        (lambda ()
          (let ((i (vector-ref state 0)))
            (vector-set! state 0 (arithmetic-shift i -1))
            (odd? i)))))))
