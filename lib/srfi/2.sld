;; SRFI 2: and-let*, a `let*` that ends with #f at the first value that is false.
(define-library (srfi 2)
  (import (schooner syntax))
  (export and-let*)
  (begin
    (define-syntax and-let*
      (syntax-rules ()
        ((_ ()) #t)
        ((_ () . body) (let () . body))
        ((_ ((variable expression))) (let ((variable expression)) variable))
        ((_ ((expression))) expression)
        ((_ (variable)) variable)
        ((_ ((variable expression) . clauses) . body)
         (let ((variable expression))
           (if variable (and-let* clauses . body) #f)))
        ((_ ((expression) . clauses) . body)
         (if expression (and-let* clauses . body) #f))
        ((_ (variable . clauses) . body)
         (if variable (and-let* clauses . body) #f))))))
