;; SRFI 64: assertions, groups, and runners with what they call. The runner that there is by default tells what happens
;; to (schooner test), which writes TAP; so forms of both may stand in one program. The current runner and the factory
;; are state of the machine.
(define-library (srfi 64)
  (import (schooner primitives) (schooner syntax)
          (schooner kernel)
          (only (schooner environment) eval interaction-environment)
          (only (schooner test) %place-line %group-begin %group-end %finish %record-line %explain %explain-raised))
  (export
    test-begin test-end test-group test-group-with-cleanup
    test-assert test-eqv test-equal test-eq test-approximate test-error test-read-eval-string
    test-skip test-expect-fail test-match-name test-match-nth test-match-any test-match-all
    test-result-kind test-passed? test-result-ref test-result-set! test-result-remove test-result-clear
    test-result-alist
    test-runner? test-runner-current test-runner-get test-runner-simple test-runner-null test-runner-create
    test-runner-factory test-apply test-with-runner test-runner-reset
    test-runner-pass-count test-runner-fail-count test-runner-xpass-count test-runner-xfail-count
    test-runner-skip-count test-runner-test-name test-runner-group-path test-runner-group-stack
    test-runner-aux-value test-runner-aux-value!
    test-runner-on-test-begin test-runner-on-test-begin! test-runner-on-test-end test-runner-on-test-end!
    test-runner-on-group-begin test-runner-on-group-begin! test-runner-on-group-end test-runner-on-group-end!
    test-runner-on-bad-count test-runner-on-bad-count! test-runner-on-bad-end-name test-runner-on-bad-end-name!
    test-runner-on-final test-runner-on-final!
    test-on-test-begin-simple test-on-test-end-simple test-on-group-begin-simple test-on-group-end-simple
    test-on-bad-count-simple test-on-bad-end-name-simple test-on-final-simple)
  (begin

    ;; --- runners

    ;; groups: the open ones, innermost first, each (name expected-count total-before skips-outside fails-outside).
    ;; only: #t, or what test-apply was told to run.
    (define-record-type test-runner
      (%make-runner %pass %fail %xpass %xfail %skip %groups %skips %fails %only %results %aux
                    %test-begin %test-end %group-begin %group-end %bad-count %bad-end-name %final)
      test-runner?
      (%pass test-runner-pass-count %pass!)
      (%fail test-runner-fail-count %fail!)
      (%xpass test-runner-xpass-count %xpass!)
      (%xfail test-runner-xfail-count %xfail!)
      (%skip test-runner-skip-count %skip!)
      (%groups %groups %groups!)
      (%skips %skips %skips!)
      (%fails %fails %fails!)
      (%only %only %only!)
      (%results test-result-alist %results!)
      (%aux test-runner-aux-value test-runner-aux-value!)
      (%test-begin test-runner-on-test-begin test-runner-on-test-begin!)
      (%test-end test-runner-on-test-end test-runner-on-test-end!)
      (%group-begin test-runner-on-group-begin test-runner-on-group-begin!)
      (%group-end test-runner-on-group-end test-runner-on-group-end!)
      (%bad-count test-runner-on-bad-count test-runner-on-bad-count!)
      (%bad-end-name test-runner-on-bad-end-name test-runner-on-bad-end-name!)
      (%final test-runner-on-final test-runner-on-final!))

    (define (%runner test-begin test-end group-begin group-end bad-count bad-end-name final)
      (%make-runner 0 0 0 0 0 '() '() '() #t '() #f
                    test-begin test-end group-begin group-end bad-count bad-end-name final))

    (define (test-runner-simple)
      (%runner test-on-test-begin-simple test-on-test-end-simple test-on-group-begin-simple test-on-group-end-simple
               test-on-bad-count-simple test-on-bad-end-name-simple test-on-final-simple))

    (define (%nothing . arguments) #f)
    (define (test-runner-null)
      (%runner %nothing %nothing %nothing %nothing %nothing %nothing %nothing))

    (define (test-runner-reset runner)
      (%pass! runner 0)
      (%fail! runner 0)
      (%xpass! runner 0)
      (%xfail! runner 0)
      (%skip! runner 0)
      (%groups! runner '())
      (%skips! runner '())
      (%fails! runner '())
      (%only! runner #t)
      (%results! runner '()))

    (define %current (%standard-parameter 5))
    (define test-runner-current
      (case-lambda
        (() (%current))
        ((runner)
         (if (and runner (not (test-runner? runner))) (%raise-type 'test-runner-current 1 "a test runner or #f" runner))
         (%standard-parameter-set! 5 runner))))

    (define %factory (%standard-parameter 6))
    (define test-runner-factory
      (case-lambda
        (() (or (%factory) test-runner-simple))
        ((factory)
         (if (not (procedure? factory)) (%raise-type 'test-runner-factory 1 "a procedure" factory))
         (%standard-parameter-set! 6 factory))))

    (define (test-runner-create) ((test-runner-factory)))

    (define (test-runner-get)
      (or (test-runner-current) (error "there is no current test runner")))

    ;; Tests outside of any group have one, too.
    (define (%runner-now)
      (if (not (test-runner-current)) (test-runner-current (test-runner-create)))
      (test-runner-current))

    (define (%with-runner runner thunk)
      (let ((outer (test-runner-current)))
        (dynamic-wind (lambda () (test-runner-current runner))
                      thunk
                      (lambda () (test-runner-current outer)))))
    (define-syntax test-with-runner
      (syntax-rules ()
        ((_ runner body ...) (%with-runner runner (lambda () body ...)))))

    ;; (test-apply [runner] specifier ... procedure)
    (define (test-apply first . rest)
      (cond ((test-runner? first) (%with-runner first (lambda () (apply test-apply rest))))
            ((test-runner-current)
             (let* ((runner (test-runner-current))
                    (only (%only runner))
                    (arguments (reverse (cons first rest)))
                    (specifiers (map %matcher (reverse (cdr arguments)))))
               (dynamic-wind
                (lambda ()
                  (if (pair? specifiers) (%only! runner (if (pair? only) (append specifiers only) specifiers))))
                (car arguments)
                (lambda () (%only! runner only)))))
            (else
             (let ((runner (test-runner-create)))
               (%with-runner runner (lambda () (apply test-apply first rest)))
               ((test-runner-on-final runner) runner)))))

    ;; --- results

    (define (%runner-of arguments) (if (pair? arguments) (car arguments) (test-runner-get)))
    (define test-result-ref
      (case-lambda
        ((runner property) (test-result-ref runner property #f))
        ((runner property default)
         (let ((found (assq property (test-result-alist runner))))
           (if found (cdr found) default)))))
    ;; New pairs each time, so that an alist that was taken stays what it was.
    (define (test-result-set! runner property value)
      (let ((pair (cons property value)))
        (%results! runner
                   (if (assq property (test-result-alist runner))
                       (map (lambda (each) (if (eq? (car each) property) pair each)) (test-result-alist runner))
                       (cons pair (test-result-alist runner))))))
    (define (test-result-remove runner property)
      (%results! runner (filter (lambda (each) (not (eq? (car each) property))) (test-result-alist runner))))
    (define (test-result-clear runner) (%results! runner '()))
    (define (test-result-kind . runner) (test-result-ref (%runner-of runner) 'result-kind))
    (define (test-passed? . runner)
      (and (memq (apply test-result-kind runner) '(pass xpass)) #t))

    (define (test-runner-test-name runner) (test-result-ref runner 'test-name ""))
    (define (test-runner-group-stack runner) (map car (%groups runner)))
    (define (test-runner-group-path runner) (reverse (test-runner-group-stack runner)))
    (define (%total runner)
      (+ (test-runner-pass-count runner) (test-runner-fail-count runner) (test-runner-xpass-count runner)
         (test-runner-xfail-count runner) (test-runner-skip-count runner)))

    ;; --- specifiers: procedures of the runner

    (define (test-match-name name) (lambda (runner) (equal? name (test-runner-test-name runner))))

    ;; The tests from the n-th that this specifier is asked about, `count` of them.
    (define (test-match-nth n . count)
      (let ((seen 0) (last (+ n (if (pair? count) (car count) 1) -1)))
        (lambda (runner)
          (set! seen (+ seen 1))
          (<= n seen last))))

    (define (%matcher specifier)
      (cond ((procedure? specifier) specifier)
            ((integer? specifier) (test-match-nth 1 specifier))
            (else (test-match-name specifier))))

    ;; All are asked, since some count.
    (define (%answers matchers runner) (map (lambda (matches?) (and (matches? runner) #t)) matchers))
    (define (%any? matchers runner) (and (memq #t (%answers matchers runner)) #t))
    (define (test-match-any . specifiers)
      (let ((matchers (map %matcher specifiers)))
        (lambda (runner) (%any? matchers runner))))
    (define (test-match-all . specifiers)
      (let ((matchers (map %matcher specifiers)))
        (lambda (runner) (not (memq #f (%answers matchers runner))))))

    (define (test-skip . specifiers)
      (let ((runner (%runner-now)))
        (%skips! runner (cons (apply test-match-all specifiers) (%skips runner)))))
    (define (test-expect-fail . specifiers)
      (let ((runner (%runner-now)))
        (%fails! runner (cons (apply test-match-all specifiers) (%fails runner)))))

    (define (%skipped? runner)
      (or (not (or (eq? (%only runner) #t) (%any? (%only runner) runner)))
          (%any? (%skips runner) runner)))

    ;; --- groups

    (define (test-begin name . count)
      (let ((runner (%runner-now)) (count (and (pair? count) (car count))))
        ((test-runner-on-group-begin runner) runner name count)
        (%groups! runner
                  (cons (list name count (%total runner) (%skips runner) (%fails runner)) (%groups runner)))))

    (define (test-end . name)
      (let* ((runner (test-runner-get))
             (groups (%groups runner)))
        (if (null? groups) (error "test-end outside of a group"))
        (%end-group runner (car groups) name)
        (%groups! runner (cdr groups))
        (if (null? (cdr groups)) ((test-runner-on-final runner) runner))))

    (define (%end-group runner group name)
      (let ((expected (cadr group))
            (actual (- (%total runner) (list-ref group 2))))
        (if (and (pair? name) (car name) (not (equal? (car name) (car group))))
            ((test-runner-on-bad-end-name runner) runner (car group) (car name)))
        (if (and expected (not (= expected actual)))
            ((test-runner-on-bad-count runner) runner actual expected))
        ((test-runner-on-group-end runner) runner)
        (%skips! runner (list-ref group 3))
        (%fails! runner (list-ref group 4))))

    (define (%group name thunk)
      (let ((runner (%runner-now)))
        (%results! runner (list (cons 'test-name name)))
        (if (not (%skipped? runner))
            (dynamic-wind (lambda () (test-begin name))
                          thunk
                          (lambda () (test-end name))))))
    (define-syntax test-group
      (syntax-rules ()
        ((_ name) (test-group name #f))
        ((_ name body ...) (%group name (lambda () body ...)))))
    (define-syntax test-group-with-cleanup
      (syntax-rules ()
        ((_ name cleanup) (test-group name cleanup))
        ((_ name body ... cleanup)
         (test-group name (dynamic-wind (lambda () #f) (lambda () body ...) (lambda () cleanup))))))

    ;; --- tests

    ;; What a test knows of itself before it runs; place: (file line column), or #f
    (define (%describe name form place)
      (append (list (cons 'test-name name) (cons 'source-form form))
              (if place (list (cons 'source-file (car place)) (cons 'source-line (cadr place)) (cons 'source-place place)) '())))

    ;; (judge runner) gives true or false, and notes what it saw.
    (define (%test name form place judge)
      (let ((runner (%runner-now)))
        (%results! runner (%describe name form place))
        (let ((kind (cond ((%skipped? runner) 'skip) ((%any? (%fails runner) runner) 'xfail) (else #f))))
          (if kind (test-result-set! runner 'result-kind kind))
          ((test-runner-on-test-begin runner) runner)
          (if (not (eq? (test-result-kind runner) 'skip))
              (let ((good? (%judge runner judge)) (expected-fail? (eq? (test-result-kind runner) 'xfail)))
                (test-result-set! runner 'result-kind
                                  (if expected-fail? (if good? 'xpass 'xfail) (if good? 'pass 'fail)))))
          (%count! runner)
          ((test-runner-on-test-end runner) runner))))

    (define (%judge runner judge)
      (guard (problem (#t
                       (test-result-set! runner 'actual-error problem)
                       #f))
        (judge runner)))

    (define (%count! runner)
      (case (test-result-kind runner)
        ((pass) (%pass! runner (+ 1 (test-runner-pass-count runner))))
        ((fail) (%fail! runner (+ 1 (test-runner-fail-count runner))))
        ((xpass) (%xpass! runner (+ 1 (test-runner-xpass-count runner))))
        ((xfail) (%xfail! runner (+ 1 (test-runner-xfail-count runner))))
        (else (%skip! runner (+ 1 (test-runner-skip-count runner))))))

    (define (%compare same? expected-thunk thunk)
      (lambda (runner)
        (let ((expected (expected-thunk)))
          (test-result-set! runner 'expected-value expected)
          (let ((actual (thunk)))
            (test-result-set! runner 'actual-value actual)
            (same? expected actual)))))

    (define (%true thunk)
      (lambda (runner)
        (let ((actual (thunk)))
          (test-result-set! runner 'actual-value actual)
          actual)))

    ;; type is #t, or a predicate of what is raised; of other types nothing is known here
    (define (%raises type-thunk thunk)
      (lambda (runner)
        (let ((type (type-thunk)))
          (test-result-set! runner 'expected-error type)
          (guard (problem (#t
                           (test-result-set! runner 'actual-error problem)
                           (if (procedure? type) (type problem) type)))
            (test-result-set! runner 'actual-value (thunk))
            #f))))

    (define-syntax test-assert
      (syntax-rules ()
        ((_ name expression)
         (%test name 'expression (%position expression) (%true (lambda () expression))))
        ((_ expression) (test-assert "" expression))))

    (define-syntax %define-comparison
      (syntax-rules ()
        ((_ keyword same?)
         (define-syntax keyword
           (syntax-rules ()
             ((_ name expected expression)
              (%test name 'expression (%position expression)
                     (%compare same? (lambda () expected) (lambda () expression))))
             ((_ expected expression) (keyword "" expected expression)))))))
    (%define-comparison test-eq eq?)
    (%define-comparison test-eqv eqv?)
    (%define-comparison test-equal equal?)

    (define (%within tolerance)
      (lambda (expected actual)
        (or (= expected actual)
            (<= (- expected tolerance) actual (+ expected tolerance)))))
    (define-syntax test-approximate
      (syntax-rules ()
        ((_ name expected expression tolerance)
         (%test name 'expression (%position expression)
                (%compare (%within tolerance) (lambda () expected) (lambda () expression))))
        ((_ expected expression tolerance) (test-approximate "" expected expression tolerance))))

    (define-syntax test-error
      (syntax-rules ()
        ((_ name type expression)
         (%test name 'expression (%position expression) (%raises (lambda () type) (lambda () expression))))
        ((_ type expression) (test-error "" type expression))
        ((_ expression) (test-error "" #t expression))))

    (define (test-read-eval-string text)
      (let* ((port (open-input-string text))
             (form (read port)))
        (if (not (eof-object? (read port))) (error "there is more than one form in the text" text))
        (eval form (interaction-environment))))

    ;; --- the runner that writes TAP

    (define (test-on-group-begin-simple runner name count) (%group-begin name))
    (define (test-on-group-end-simple runner) (%group-end))
    (define (test-on-final-simple runner) (%finish))
    (define (test-on-test-begin-simple runner) #f)

    (define (test-on-bad-count-simple runner actual expected)
      (%record-line #f "not ok " "the number of tests" "")
      (%explain "expected" expected)
      (%explain "got     " actual))
    (define (test-on-bad-end-name-simple runner begin-name end-name)
      (error "test-end has another name than test-begin" end-name begin-name))

    (define (test-on-test-end-simple runner)
      (let* ((name (test-runner-test-name runner))
             (name (if (equal? name "") (test-result-ref runner 'source-form) name)))
        (case (test-result-kind runner)
          ((pass) (%record-line #t "ok " name ""))
          ((skip) (%record-line #t "ok " name " # SKIP"))
          ((xfail) (%record-line #t "not ok " name " # TODO expected to fail"))
          ((xpass)
           (%record-line #f "not ok " name "")
           (%place-line (test-result-ref runner 'source-place))
           (write-string "#   expected to fail, and did not")
           (newline))
          (else
           (%record-line #f "not ok " name "")
           (%place-line (test-result-ref runner 'source-place))
           (%explain-results runner)))))

    (define (%explain-results runner)
      (let ((results (test-result-alist runner)))
        (if (assq 'expected-value results) (%explain "expected" (test-result-ref runner 'expected-value)))
        (if (assq 'actual-value results) (%explain "got     " (test-result-ref runner 'actual-value)))
        (if (assq 'actual-error results) (%explain-raised (test-result-ref runner 'actual-error)))))))
