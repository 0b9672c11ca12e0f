;; R7RS-small, section 6.11: exceptions.
(import (scheme base) (scheme write) (scheme read) (schooner test))

(test-begin "R7RS 6.11-exceptions")
(test-begin "6.11 handlers")
(test 'exception
      (call-with-current-continuation
        (lambda (k) (with-exception-handler (lambda (e) (k 'exception)) (lambda () (+ 1 (raise 'an-error)))))))
(test "condition: an-error\n"
      (let ((port (open-output-string)))
        (call/cc (lambda (k)
          (with-exception-handler
            (lambda (x) (display "condition: " port) (write x port) (newline port) (k 'exception))
            (lambda () (+ 1 (raise 'an-error))))))
        (get-output-string port)))
(test 65 (with-exception-handler
           (lambda (con) (cond ((string? con) 42) (else 23)))
           (lambda () (+ (raise-continuable "should be a number") 23))))
(test 'after
      (guard (e (#t 'after))
        (with-exception-handler (lambda (e) 'ignored) (lambda () (+ 1 (raise 'an-error))))))
(test "the secondary exception is raised in the handler's outer handler" '(first second)
      (let ((seen '()))
        (guard (e (#t (reverse seen)))
          (with-exception-handler
            (lambda (e) (set! seen (cons 'second seen)) 'returns)
            (lambda ()
              (with-exception-handler
                (lambda (e) (set! seen (cons 'first seen)) 'returns)
                (lambda () (raise 'x))))))))
(test "a handler runs in the outer handler's context" '(inner outer)
      (let ((seen '()))
        (call/cc (lambda (k)
          (with-exception-handler
            (lambda (e) (set! seen (cons e seen)) (k 1))
            (lambda ()
              (with-exception-handler
                (lambda (e) (set! seen (cons e seen)) (raise 'outer))
                (lambda () (raise 'inner)))))))
        (reverse seen)))
(test "raise-continuable in a handler reaches the outer handler" 111
      (with-exception-handler
        (lambda (e) (+ e 1))
        (lambda ()
          (with-exception-handler
            (lambda (e) (+ (raise-continuable (* e 10)) 0))
            (lambda () (+ (raise-continuable 11) 0))))))
(test-values (values 1 2) (with-exception-handler (lambda (e) 0) (lambda () (values 1 2))))
(test "the old handlers are back afterwards" 'outer
      (guard (e (#t 'outer))
        (with-exception-handler (lambda (e) 1) (lambda () 1))
        (raise 'x)))
(test "raise-continuable returns several values" '(1 2)
      (call-with-values
        (lambda () (with-exception-handler (lambda (e) (values 1 2)) (lambda () (raise-continuable 'x))))
        list))
(test "any object may be raised" '(1 "x" #f (a) #\c)
      (map (lambda (object) (guard (e (#t e)) (raise object))) '(1 "x" #f (a) #\c)))
(test-error (with-exception-handler 5 (lambda () 1)))
(test-end)

(test-begin "6.11 error objects")
(define (null-list? l)
  (cond ((pair? l) #f) ((null? l) #t) (else (error "null-list?: argument out of domain" l))))
(test #t (null-list? '()))
(test-error (null-list? 5))
(define caught (guard (e (#t e)) (error "message" 1 'two "three")))
(test #t (error-object? caught))
(test "message" (error-object-message caught))
(test '(1 two "three") (error-object-irritants caught))
(test '() (error-object-irritants (guard (e (#t e)) (error "alone"))))
(test #f (error-object? 'not-one))
(test #f (error-object? "text"))
(test #f (read-error? caught))
(test #f (file-error? caught))
(test #f (read-error? 'x))
(test #f (file-error? 5))
(test #t (read-error? (guard (e (#t e)) (read (open-input-string ")")))))
(test "irritants keep their identity" #t
      (let ((x (list 1))) (eq? x (car (error-object-irritants (guard (e (#t e)) (error "m" x)))))))
(test "an error of a primitive is caught" 'caught (guard (e (#t 'caught)) (car 5)))
(test "and is an error object" #t (guard (e (#t (error-object? e))) (car 5)))
(test #t (guard (e (#t (error-object? e))) (vector-ref (vector 1 2) 5)))
(test #t (guard (e (#t (error-object? e))) (+ 'a 1)))
(test #t (guard (e (#t (error-object? e))) ((lambda (x) x))))
(test #t (guard (e (#t (error-object? e))) (5 5)))
(test #t (guard (e (#t (string? (error-object-message e)))) (car 5)))
(test #t (guard (e (#t (list? (error-object-irritants e)))) (car 5)))
(test #t (guard (e (#t (error-object? e))) (/ 1 0)))
(test #t (guard (e (#t (error-object? e))) (letrec ((a b) (b 1)) a)))
(test-end)

; Messages name types and variables, and cut what is long, but not inside of a character: one of two bytes may end at an
; even or at an odd place.
(define-record-type λλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλ (make-even) even-record? (x even-x))
(define-record-type xλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλ (make-odd) odd-record? (x odd-x))
(define-syntax message-of
  (syntax-rules () ((_ expression) (guard (e ((error-object? e) (string? (error-object-message e)))) expression))))
(test-begin "6.11 errors about long names")
(test #t (message-of (even-x 5)))
(test #t (message-of (odd-x 5)))
(test #t (message-of (letrec ((a λλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλ)
                              (λλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλ 1)) a)))
(test #t (message-of (letrec ((a xλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλ)
                              (xλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλλ 1)) a)))
(test-end)

(test-begin "6.11 guard and its kin together")
(test "re-raise in the dynamic environment of raise" '(in out in out clause)
      (let ((seen '()))
        (guard (e (#t (set! seen (cons 'clause seen))))
          (guard (e ((string? e) 'no))
            (dynamic-wind (lambda () (set! seen (cons 'in seen)))
                          (lambda () (raise 'x))
                          (lambda () (set! seen (cons 'out seen))))))
        (reverse seen)))
(test '(a . 42) (guard (e ((assq 'a e) => (lambda (p) p)) ((assq 'b e))) (raise (list (cons 'a 42)))))
(test 'positive (guard (e ((symbol? e) e)) (if (positive? 1) (raise 'positive) 'negative)))
(test "no frame of the body is kept while a clause runs" 'done
      (let loop ((n 20000)) (if (= n 0) 'done (begin (guard (e (#t 1)) (raise 'x)) (loop (- n 1))))))
(test "an error in a clause goes outward" 'outer (guard (e (#t 'outer)) (guard (e (#t (raise 'again))) (raise 'x))))
(test "a handler is called for raise-continuable beyond an unfit guard" 'continued
      (with-exception-handler (lambda (e) 'continued)
        (lambda () (guard (e (#f 'never)) (raise-continuable 'x)))))
(test-end)
(test-end)
