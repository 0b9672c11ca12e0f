;; SRFI 132: sorting. One stable merge sort of lists (list-sort, in the kernel) does it all; vectors go through lists.
;; The names with `!` that sort in place need vector-set!, so they stand where mutation is allowed.
(define-library (srfi 132)
  (import (schooner primitives) (schooner syntax) (only (schooner kernel) list-sort values apply))
  (export list-sorted? vector-sorted? list-sort list-stable-sort vector-sort vector-stable-sort
          list-sort! list-stable-sort! vector-sort! vector-stable-sort!
          list-merge list-merge! vector-merge vector-merge!
          list-delete-neighbor-dups list-delete-neighbor-dups!
          vector-delete-neighbor-dups vector-delete-neighbor-dups!
          vector-find-median vector-find-median! vector-select! vector-separate!)
  (begin
    (define list-stable-sort list-sort)
    (define list-sort! list-sort)
    (define list-stable-sort! list-sort)

    (define (list-sorted? less? l)
      (or (null? l)
          (let loop ((head (car l)) (l (cdr l)))
            (or (null? l)
                (and (not (less? (car l) head))
                     (loop (car l) (cdr l)))))))

    (define vector-sorted?
      (case-lambda
        ((less? v) (list-sorted? less? (vector->list v)))
        ((less? v start) (list-sorted? less? (vector->list v start)))
        ((less? v start end) (list-sorted? less? (vector->list v start end)))))

    (define vector-sort
      (case-lambda
        ((less? v) (list->vector (list-sort less? (vector->list v))))
        ((less? v start) (list->vector (list-sort less? (vector->list v start))))
        ((less? v start end) (list->vector (list-sort less? (vector->list v start end))))))
    (define vector-stable-sort vector-sort)

    (define vector-sort!
      (case-lambda
        ((less? v) (vector-sort! less? v 0 (vector-length v)))
        ((less? v start) (vector-sort! less? v start (vector-length v)))
        ((less? v start end) (vector-copy! v start (vector-sort less? v start end)))))
    (define vector-stable-sort! vector-sort!)

    ;; Of two that are equal, the one of the first list comes first.
    (define (list-merge less? a b)
      (let loop ((a a) (b b) (out '()))
        (cond ((null? a) (append-reverse out b))
              ((null? b) (append-reverse out a))
              ((less? (car b) (car a)) (loop a (cdr b) (cons (car b) out)))
              (else (loop (cdr a) b (cons (car a) out))))))
    (define list-merge! list-merge)

    (define vector-merge
      (case-lambda
        ((less? a b) (list->vector (list-merge less? (vector->list a) (vector->list b))))
        ((less? a b start-a) (vector-merge less? a b start-a (vector-length a) 0 (vector-length b)))
        ((less? a b start-a end-a) (vector-merge less? a b start-a end-a 0 (vector-length b)))
        ((less? a b start-a end-a start-b) (vector-merge less? a b start-a end-a start-b (vector-length b)))
        ((less? a b start-a end-a start-b end-b)
         (list->vector (list-merge less? (vector->list a start-a end-a) (vector->list b start-b end-b))))))

    (define vector-merge!
      (case-lambda
        ((less? to a b) (vector-merge! less? to a b 0))
        ((less? to a b start . ranges)
         (vector-copy! to start (apply vector-merge less? a b ranges)))))

    (define (list-delete-neighbor-dups same? l)
      (if (null? l)
          '()
          (let loop ((l (cdr l)) (out (list (car l))))
            (cond ((null? l) (reverse out))
                  ((same? (car out) (car l)) (loop (cdr l) out))
                  (else (loop (cdr l) (cons (car l) out)))))))
    (define list-delete-neighbor-dups! list-delete-neighbor-dups)

    (define vector-delete-neighbor-dups
      (case-lambda
        ((same? v) (list->vector (list-delete-neighbor-dups same? (vector->list v))))
        ((same? v start) (list->vector (list-delete-neighbor-dups same? (vector->list v start))))
        ((same? v start end) (list->vector (list-delete-neighbor-dups same? (vector->list v start end))))))

    ;; The index behind the last element that stays.
    (define vector-delete-neighbor-dups!
      (case-lambda
        ((same? v) (vector-delete-neighbor-dups! same? v 0 (vector-length v)))
        ((same? v start) (vector-delete-neighbor-dups! same? v start (vector-length v)))
        ((same? v start end)
         (let ((kept (vector-delete-neighbor-dups same? v start end)))
           (vector-copy! v start kept)
           (+ start (vector-length kept))))))

    (define (%median sorted knil mean)
      (let* ((n (vector-length sorted)) (half (quotient n 2)))
        (cond ((= n 0) knil)
              ((odd? n) (vector-ref sorted half))
              (else (mean (vector-ref sorted (- half 1)) (vector-ref sorted half))))))
    (define (%mean a b) (/ (+ a b) 2))

    (define vector-find-median
      (case-lambda
        ((less? v knil) (vector-find-median less? v knil %mean))
        ((less? v knil mean) (%median (vector-sort less? v) knil mean))))

    (define vector-find-median!
      (case-lambda
        ((less? v knil) (vector-find-median! less? v knil %mean))
        ((less? v knil mean)
         (vector-sort! less? v)
         (%median v knil mean))))

    (define vector-select!
      (case-lambda
        ((less? v k) (vector-select! less? v k 0 (vector-length v)))
        ((less? v k start) (vector-select! less? v k start (vector-length v)))
        ((less? v k start end)
         (vector-ref (vector-sort less? v start end) k))))

    (define vector-separate!
      (case-lambda
        ((less? v k) (vector-sort! less? v))
        ((less? v k start) (vector-sort! less? v start))
        ((less? v k start end) (vector-sort! less? v start end))))))
