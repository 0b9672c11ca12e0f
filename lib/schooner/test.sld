;; (schooner test): tests in the manner of SRFI 64, one line of TAP for each. The counts belong to the machine, so a
;; program needs no mutation. What fails is told with the place of its expression.
;;
;;   (test-begin "name")
;;   (test expected expression)  (test "name" expected expression)     compared with equal?, inexact numbers nearly
;;   (test-equal ...)  (test-eqv ...)  (test-eq ...)  (test-assert expression)  (test-error expression)
;;   (test-end)                                                        raises an error when something failed
(define-library (schooner test)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export test test-equal test-eqv test-eq test-assert test-error test-approximate
          test-begin test-end test-group test-values %test-run %test-run-error)
  (begin

    ;; state of the machine: (passed failed . names of the open groups)
    (define %state (%standard-parameter 3))
    (define (%state-now) (or (%state) '(0 0)))
    (define (%state-set! passed failed groups)
      (%standard-parameter-set! 3 (cons* passed failed groups)))

    (define (%record good? name)
      (let* ((state (%state-now))
             (passed (+ (car state) (if good? 1 0)))
             (failed (+ (cadr state) (if good? 0 1))))
        (%state-set! passed failed (cddr state))
        (write-string (if good? "ok " "not ok "))
        (write (+ passed failed))
        (write-string " - ")
        (if (pair? (cddr state))
            (begin (display (car (cddr state))) (write-string ": ")))
        (if (string? name)
            (string-for-each (lambda (c) (write-char (if (char<? c #\space) #\space c))) name)
            (write name))
        (newline)))

    ;; place: (file line column), or #f
    (define (%explain-place place)
      (if place
          (begin
            (write-string "#   at ")
            (display (car place))
            (write-string ":")
            (write (cadr place))
            (write-string ":")
            (write (car (cddr place)))
            (newline))))

    (define (%explain what value)
      (write-string "#   ")
      (write-string what)
      (write-string " ")
      (write value)
      (newline))

    (define (%nearly? a b)
      (cond ((and (number? a) (number? b) (inexact? a) (inexact? b) (real? a) (real? b))
             (or (= a b)
                 (and (not (= a a)) (not (= b b)))
                 (< (abs (- a b)) (* 1e-12 (max 1.0 (abs a))))))
            ((and (number? a) (number? b) (inexact? a) (inexact? b))
             (and (%nearly? (inexact (real-part a)) (inexact (real-part b)))
                  (%nearly? (inexact (imag-part a)) (inexact (imag-part b)))))
            ((and (pair? a) (pair? b))
             (and (%nearly? (car a) (car b)) (%nearly? (cdr a) (cdr b))))
            (else (equal? a b))))

    (define (%test-run name place same? expected-thunk thunk)
      (let ((outcome
             (guard (problem (#t (cons 'raised problem)))
               (let ((expected (expected-thunk)))
                 (let ((actual (thunk)))
                   (if (same? expected actual) #t (list 'different expected actual)))))))
        (%record (eq? outcome #t) name)
        (if (not (eq? outcome #t)) (%explain-place place))
        (cond ((eq? outcome #t) #t)
              ((eq? (car outcome) 'raised)
               (if (error-object? (cdr outcome))
                   (begin (%explain "raised" (error-object-message (cdr outcome)))
                          (%explain "with" (error-object-irritants (cdr outcome))))
                   (%explain "raised" (cdr outcome))))
              (else
               (%explain "expected" (cadr outcome))
               (%explain "got     " (car (cddr outcome)))))))

    (define (%test-run-error name place thunk)
      (let ((raised? (guard (problem (#t #t)) (thunk) #f)))
        (%record raised? name)
        (if (not raised?)
            (begin
              (%explain-place place)
              (write-string "#   expected an error")
              (newline)))))

    (define-syntax test
      (syntax-rules ()
        ((_ name expected expression)
         (%test-run name (%position expression) %nearly? (lambda () expected) (lambda () expression)))
        ((_ expected expression)
         (%test-run 'expression (%position expression) %nearly? (lambda () expected) (lambda () expression)))))
    (define-syntax test-equal
      (syntax-rules ()
        ((_ name expected expression)
         (%test-run name (%position expression) equal? (lambda () expected) (lambda () expression)))
        ((_ expected expression)
         (%test-run 'expression (%position expression) equal? (lambda () expected) (lambda () expression)))))
    (define-syntax test-eqv
      (syntax-rules ()
        ((_ name expected expression)
         (%test-run name (%position expression) eqv? (lambda () expected) (lambda () expression)))
        ((_ expected expression)
         (%test-run 'expression (%position expression) eqv? (lambda () expected) (lambda () expression)))))
    (define-syntax test-eq
      (syntax-rules ()
        ((_ name expected expression)
         (%test-run name (%position expression) eq? (lambda () expected) (lambda () expression)))
        ((_ expected expression)
         (%test-run 'expression (%position expression) eq? (lambda () expected) (lambda () expression)))))
    (define-syntax test-approximate
      (syntax-rules ()
        ((_ name expected expression tolerance)
         (%test-run name (%position expression)
                    (lambda (a b) (<= (abs (- a b)) tolerance)) (lambda () expected) (lambda () expression)))
        ((_ expected expression tolerance)
         (test-approximate 'expression expected expression tolerance))))
    (define-syntax test-assert
      (syntax-rules ()
        ((_ name expression)
         (%test-run name (%position expression) (lambda (a b) b) (lambda () #t) (lambda () expression)))
        ((_ expression)
         (%test-run 'expression (%position expression) (lambda (a b) b) (lambda () #t) (lambda () expression)))))
    (define-syntax test-error
      (syntax-rules ()
        ((_ name type expression) (%test-run-error name (%position expression) (lambda () expression)))
        ((_ name expression) (%test-run-error name (%position expression) (lambda () expression)))
        ((_ expression) (%test-run-error 'expression (%position expression) (lambda () expression)))))
    (define-syntax test-values
      (syntax-rules ()
        ((_ expected expression)
         (%test-run 'expression (%position expression) %nearly?
                    (lambda () (call-with-values (lambda () expected) list))
                    (lambda () (call-with-values (lambda () expression) list))))))
    (define-syntax test-group
      (syntax-rules ()
        ((_ name body ...) (begin (test-begin name) body ... (test-end name)))))

    (define (test-begin . name)
      (let ((state (%state-now)))
        (%state-set! (car state) (cadr state) (cons (if (pair? name) (car name) "tests") (cddr state)))))

    (define (test-end . name)
      (let* ((state (%state-now))
             (groups (if (pair? (cddr state)) (cdr (cddr state)) '())))
        (%state-set! (car state) (cadr state) groups)
        (if (null? groups)
            (begin
              (write-string "1..")
              (write (+ (car state) (cadr state)))
              (newline)
              (%state-set! 0 0 '())
              (if (> (cadr state) 0)
                  (error "tests failed:" (cadr state) 'of (+ (car state) (cadr state))))))))))
