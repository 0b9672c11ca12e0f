;; SRFI 64 over (schooner test): the assertions, the groups, what is skipped or expected to fail. Runners are not objects
;; here: there is one, which writes TAP. A specifier that is a procedure gets what test-runner-test-name takes.
(define-library (srfi 64)
  (import (schooner primitives) (schooner syntax) (schooner kernel)
          (except (schooner test) test-error test-group))
  (export test-begin test-end test-assert test-eqv test-equal test-eq test-approximate
          test-error test-group test-group-with-cleanup
          test-skip test-expect-fail test-match-name test-match-nth test-match-any test-match-all
          test-runner-test-name)
  (begin
    (define (test-runner-test-name runner) runner)

    (define (test-match-name name) (lambda (runner) (equal? name runner)))

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
    (define (test-match-any . specifiers)
      (let ((matchers (map %matcher specifiers)))
        (lambda (runner) (and (memq #t (map (lambda (matches?) (and (matches? runner) #t)) matchers)) #t))))
    (define (test-match-all . specifiers)
      (let ((matchers (map %matcher specifiers)))
        (lambda (runner) (not (memq #f (map (lambda (matches?) (and (matches? runner) #t)) matchers))))))

    ;; (test-error [[name] type] expression): type is #t or a predicate of the condition
    (define (%test-error name place type thunk)
      (%test-run name place
                 (lambda (expected raised?) raised?)
                 (lambda () #t)
                 (lambda ()
                   (guard (problem (#t (if (procedure? type) (and (type problem) #t) #t)))
                     (thunk)
                     #f))))
    (define-syntax test-error
      (syntax-rules ()
        ((_ name type expression) (%test-error name (%position expression) type (lambda () expression)))
        ((_ type expression) (%test-error 'expression (%position expression) type (lambda () expression)))
        ((_ expression) (%test-error 'expression (%position expression) #t (lambda () expression)))))

    (define-syntax test-group
      (syntax-rules ()
        ((_ name body ...)
         (begin (test-begin name) (let () body ...) (test-end name)))))

    (define-syntax test-group-with-cleanup
      (syntax-rules ()
        ((_ name body ... cleanup)
         (test-group name (dynamic-wind (lambda () #f) (lambda () body ...) (lambda () cleanup))))))))
