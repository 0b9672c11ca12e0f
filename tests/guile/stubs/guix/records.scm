;; A stand-in for Guix's records: a form with fields, defaults, and an error for a field that is unknown, missing or twice.
(define-module (guix records)
  #:export (define-record-type* build-record record-field))

(define (build-record type fields given)
  (for-each (lambda (pair)
              (unless (assq (car pair) fields)
                (error "extraneous field initializer" type (car pair))))
            given)
  (cons type
        (map (lambda (field)
               (let ((values (filter (lambda (pair) (eq? (car pair) (car field))) given)))
                 (cond ((= (length values) 1) (car values))
                       ((pair? values) (error "duplicate field initializer" type (car field)))
                       ((cdr field) (cons (car field) ((cdr field))))
                       (else (error "missing field initializer" type (car field))))))
             fields)))

(define (record-field record name)
  (cdr (assq name (cdr record))))

(define-syntax default-of
  (syntax-rules (default)
    ((_ ()) #f)
    ((_ ((default value) . rest)) (lambda () value))
    ((_ (other . rest)) (default-of rest))))

(define-syntax define-record-type*
  (syntax-rules ()
    ((_ type constructor procedure predicate (field getter . properties) ...)
     (begin
       (define-syntax constructor
         (syntax-rules ()
           ((_ (name value) (... ...))
            (build-record 'type (list (cons 'field (default-of properties)) ...)
                          (list (cons 'name value) (... ...))))))
       (define (predicate value) (and (pair? value) (eq? (car value) 'type)))
       (define (getter record) (record-field record 'field)) ...))))
