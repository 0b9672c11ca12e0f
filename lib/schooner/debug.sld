;; (schooner debug): looking into a running program. What it writes goes to the current error port, which the host leads
;; where it likes.
;;
;;   (print value ...)                 writes the values on a line; gives the last one
;;   (trace expression)                writes the expression and its value; gives the value
;;   (trace "label" expression)
;;   (trace-procedure name procedure)  a procedure that writes each call and what it gave
;;   (assert expression irritant ...)  raises an error that shows the expression, when it is false; gives its value
(define-library (schooner debug)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export print trace trace-procedure assert %trace %assertion-failed)
  (begin

    (define (%line . pieces)
      (let ((port (current-error-port)))
        (for-each (lambda (piece) (piece port)) pieces)
        (newline port)))

    (define (%written value) (lambda (port) (write value port)))
    (define (%shown text) (lambda (port) (display text port)))

    (define (print first . rest)
      (let ((port (current-error-port)))
        (write first port)
        (let loop ((last first) (rest rest))
          (if (pair? rest)
              (begin
                (write-string " " port)
                (write (car rest) port)
                (loop (car rest) (cdr rest)))
              (begin
                (newline port)
                last)))))

    (define (%trace label value)
      (%line (if (string? label) (%shown label) (%written label)) (%shown " => ") (%written value))
      value)

    (define-syntax trace
      (syntax-rules ()
        ((_ expression) (%trace 'expression expression))
        ((_ label expression) (%trace label expression))))

    (define (trace-procedure name procedure)
      (lambda arguments
        (%line (%written (cons name arguments)))
        (call-with-values (lambda () (apply procedure arguments))
          (lambda results
            (%line (%written (cons name arguments)) (%shown " =>")
                   (lambda (port)
                     (for-each (lambda (result) (write-string " " port) (write result port)) results)))
            (apply values results)))))

    (define (%assertion-failed expression . irritants)
      (apply error "assertion failed:" expression irritants))

    (define-syntax assert
      (syntax-rules ()
        ((_ expression irritant ...)
         (or expression (%assertion-failed 'expression irritant ...)))))))
