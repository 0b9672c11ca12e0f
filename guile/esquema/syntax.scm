;; What the other (esquema ...) libraries need from the system beneath, for GNU Guile; lib/esquema/syntax.sld is the same
;; for Schooner. Positions in the source, words compared by name, procedures with keywords, and errors with a position.
(define-module (esquema syntax)
  #:use-module (ice-9 exceptions)
  #:use-module (esquema uncaught)
  #:use-module (srfi srfi-9 gnu)
  #:export (located symbol-case refuse show-only define-located
            &description-error description-error? description-error-position)
  #:re-export (define*))

;; (located form) is where the form stands: (file line column), counted from 1, or #f where that is not known.
(define-syntax located
  (lambda (form)
    (syntax-case form ()
      ((_ of)
       (let* ((source (syntax-source #'of))
              (file (and source (assq-ref source 'filename))))
         (if (string? file)
             #`'(#,file #,(+ 1 (assq-ref source 'line)) #,(+ 1 (assq-ref source 'column)))
             #'#f))))))

;; (define-located name form procedure): the name in front of operands is the macro `form`, which sees where they stand;
;; alone it is the procedure, to be handed around.
(define-syntax-rule (define-located name macro procedure)
  (define-syntax name
    (lambda (form)
      (syntax-case form ()
        ((_ . operands) #'(macro . operands))
        (_ (identifier? form) #'procedure)))))

;; A record of this type is printed with this part alone: #<container website>
(define (show-only type part)
  (let* ((name (symbol->string (record-type-name type)))
         (plain (string-trim-both name (string->char-set "<>"))))
    (set-record-type-printer! type (lambda (record port) (format port "#<~a ~a>" plain (part record))))))

;; (symbol-case form ((word ...) expression) ... (else expression)) chooses by the *name* of the form, whatever that
;; name is bound to.
(define-syntax symbol-case
  (lambda (form)
    (syntax-case form ()
      ((_ of clause ...)
       (let ((name (syntax->datum #'of)))
         (let loop ((clauses #'(clause ...)))
           (syntax-case clauses ()
             (((words expression) . rest)
              (let ((known (syntax->datum #'words)))
                (if (or (eq? known 'else) (and (symbol? name) (memq name known)))
                    #'expression
                    (loop #'rest)))))))))))

(define-exception-type &description-error &error
  make-description-error description-error?
  (position description-error-position))

(define (text-of part)
  (cond ((string? part) part)
        ((symbol? part) (symbol->string part))
        ((number? part) (number->string part))
        ((boolean? part) (if part "#t" "#f"))
        ((pair? part) "a list")
        ((null? part) "an empty list")
        ((procedure? part) "a procedure")
        (else "something else")))

;; The error of a description: its message begins with the place in the source that is wrong.
(define (refuse position . parts)
  (let ((text (apply string-append (map text-of parts)))
        (place (if position
                   (string-append (car position) ":" (number->string (cadr position)) ":"
                                  (number->string (caddr position)) ": ")
                   "")))
    (raise-exception
     (make-exception (make-description-error position)
                     (make-exception-with-message (string-append place text))
                     (make-exception-with-irritants '())
                     (printed-as 'description-error (string-append place text))))))
