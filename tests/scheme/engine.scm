;; What this engine promises beyond the report: keywords, errors of primitives as conditions in `run`, literals that
;; cannot be changed, depth.
(import (scheme base) (scheme write) (scheme read) (schooner keyword) (schooner test))
(test-begin "engine")
(test #t (keyword? #:name))
(test #f (keyword? 'name))
(test 'name (keyword->symbol #:name))
(test #f (symbol? #:name))
(test #t (eq? #:name #:name))
(test #t (eq? #:name (read (open-input-string "#:name"))))
(test #f (eq? #:name #:other))
(test "#:name" (let ((p (open-output-string))) (write #:name p) (get-output-string p)))
(test '(1 #:two 3) (list 1 #:two 3))
(test-error "a literal list" (set-car! '(1 2) 3))
(test-error "a literal list's tail" (set-cdr! (cdr '(1 2)) 3))
(test-error "a literal vector" (vector-set! '#(1 2) 0 3))
(test-error "a literal vector without a quote" (vector-fill! #(1 2) 3))
(test-error "a literal bytevector" (bytevector-u8-set! #u8(1 2) 0 3))
(test "a million deep" 1000000 (let deep ((n 1000000)) (if (= n 0) 0 (+ 1 (deep (- n 1))))))
;; At every depth of the stack, where it must grow above all: values that nothing else holds.
(define (at-depth n thunk) (if (= n 0) (thunk) (let ((result (at-depth (- n 1) thunk))) result)))
(define (spread depth)
  (at-depth depth
            (lambda () (call-with-values (lambda () (values (list depth 1) (vector depth) (string #\a))) list))))
(test "values survive the growth of the stack" '()
      (let loop ((depth 0) (wrong '()))
        (cond ((= depth 600) wrong)
              ((equal? (spread depth) (list (list depth 1) (vector depth) (string #\a))) (loop (+ depth 1) wrong))
              (else (loop (+ depth 1) (cons depth wrong))))))
(test "an error of a primitive names it" #t
      (guard (e (#t (let ((text (error-object-message e))) (string? text)))) (car 1)))
(test "the handler of a primitive's error may escape" 'escaped
      (call/cc (lambda (k) (with-exception-handler (lambda (e) (k 'escaped)) (lambda () (car 1))))))
(test-end)
