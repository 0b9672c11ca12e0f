;; (schooner test): tests in the manner of SRFI 64, one line of TAP for each. The counts belong to the machine, so a
;; program needs no mutation. What fails is told with the place of its expression.
;;
;;   (test-begin "name")
;;   (test expected expression)  (test "name" expected expression)     compared with equal?, inexact numbers nearly
;;   (test-equal ...)  (test-eqv ...)  (test-eq ...)  (test-assert expression)  (test-error expression)
;;   (test-skip specifier)  (test-expect-fail specifier)               of the present group: a name, a count, a procedure
;;   (test-end)                                                        raises an error when something failed
(define-library (schooner test)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export test test-equal test-eqv test-eq test-assert test-error test-approximate
          test-begin test-end test-group test-values test-skip test-expect-fail
          %test-run %test-run-error
          ;; for (srfi 64)
          %place-line %group-begin %group-end %finish %record-line %explain %explain-raised)
  (begin

    ;; state of the machine: (passed failed specifiers . open groups); a group is (name . specifiers outside), a
    ;; specifier (kind . procedure of the test's name), and the specifiers are those of all open groups
    (define %state (%standard-parameter 3))
    (define (%state-now) (or (%state) '(0 0 ())))
    (define (%specifiers state) (car (cddr state)))
    (define (%groups state) (cdr (cddr state)))
    (define (%state-set! passed failed specifiers groups)
      (%standard-parameter-set! 3 (cons* passed failed specifiers groups)))

    ;; Each specifier is asked, also when one before has matched: they may count.
    (define (%matches? kind name)
      (fold-left (lambda (matches? each)
                   (if (and (eq? (car each) kind) ((cdr each) name)) #t matches?))
                 #f
                 (%specifiers (%state-now))))

    (define (%specify kind specifier)
      (let* ((state (%state-now))
             (left (if (integer? specifier) specifier 0))
             (matches?
              (cond ((procedure? specifier) specifier)
                    ((integer? specifier) (lambda (name) (set! left (- left 1)) (>= left 0)))
                    (else (lambda (name) (equal? name specifier))))))
        (%state-set! (car state) (cadr state) (cons (cons kind matches?) (%specifiers state)) (%groups state))))
    (define (test-skip specifier) (%specify 'skip specifier))
    (define (test-expect-fail specifier) (%specify 'fail specifier))

    (define (%record good? name) (%record-line good? (if good? "ok " "not ok ") name ""))

    (define (%record-line good? verdict name directive)
      (let* ((state (%state-now))
             (passed (+ (car state) (if good? 1 0)))
             (failed (+ (cadr state) (if good? 0 1)))
             (groups (%groups state)))
        (%state-set! passed failed (%specifiers state) groups)
        (write-string verdict)
        (write (+ passed failed))
        (write-string " - ")
        (if (pair? groups)
            (begin (display (car (car groups))) (write-string ": ")))
        (if (string? name)
            (string-for-each (lambda (c) (write-char (if (char<? c #\space) #\space c))) name)
            (write name))
        (write-string directive)
        (newline)))

    ;; place: (file line column), or #f
    (define (%place-line place)
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

    (define (%explain-raised problem)
      (if (error-object? problem)
          (begin (%explain "raised" (error-object-message problem))
                 (%explain "with" (error-object-irritants problem)))
          (%explain "raised" problem)))

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

    ;; A test that should fail and does counts as passed, one that should and does not as failed.
    (define (%test-run name place same? expected-thunk thunk)
      (cond ((%matches? 'skip name) (%record-line #t "ok " name " # SKIP"))
            ((%matches? 'fail name)
             (let ((same? (guard (problem (#t #f)) (let ((expected (expected-thunk))) (same? expected (thunk))))))
               (if same?
                   (begin
                     (%record-line #f "not ok " name "")
                     (%place-line place)
                     (write-string "#   expected to fail, and did not")
                     (newline))
                   (%record-line #t "not ok " name " # TODO expected to fail"))))
            (else (%test-judge name place same? expected-thunk thunk))))

    (define (%test-judge name place same? expected-thunk thunk)
      (let ((outcome
             (guard (problem (#t (cons 'raised problem)))
               (let ((expected (expected-thunk)))
                 (let ((actual (thunk)))
                   (if (same? expected actual) #t (list 'different expected actual)))))))
        (%record (eq? outcome #t) name)
        (if (not (eq? outcome #t)) (%place-line place))
        (cond ((eq? outcome #t) #t)
              ((eq? (car outcome) 'raised)
               (%explain-raised (cdr outcome)))
              (else
               (%explain "expected" (cadr outcome))
               (%explain "got     " (car (cddr outcome)))))))

    (define (%test-run-error name place thunk)
      (%test-run name place
                 eq?
                 (lambda () 'an-error)
                 (lambda () (guard (problem (#t 'an-error)) (thunk) 'no-error))))

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

    (define (test-begin . name) (%group-begin (if (pair? name) (car name) "tests")))
    (define (test-end . name)
      (%group-end)
      (if (null? (%groups (%state-now))) (%finish)))

    (define (%group-begin name)
      (let ((state (%state-now)))
        (%state-set! (car state) (cadr state) (%specifiers state)
                     (cons (cons name (%specifiers state)) (%groups state)))))

    (define (%group-end)
      (let* ((state (%state-now))
             (open (%groups state)))
        (%state-set! (car state) (cadr state)
                     (if (pair? open) (cdr (car open)) '())
                     (if (pair? open) (cdr open) '()))))

    ;; The plan, and an error for what failed.
    (define (%finish)
      (let* ((state (%state-now))
             (count (+ (car state) (cadr state))))
        (write-string "1..")
        (write count)
        (newline)
        (%state-set! 0 0 '() '())
        (if (> (cadr state) 0) (error "tests failed:" (cadr state) 'of count))))))
