;; SRFI 64 over (schooner test): the assertions and the groups. Runners are not objects here: there is one, which writes
;; TAP, and nothing is skipped.
(define-library (srfi 64)
  (import (schooner primitives) (schooner syntax) (schooner kernel)
          (except (schooner test) test-error test-group))
  (export test-begin test-end test-assert test-eqv test-equal test-eq test-approximate
          test-error test-group test-group-with-cleanup)
  (begin
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
