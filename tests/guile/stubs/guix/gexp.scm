;; A stand-in for Guix's G-expressions: the same way to read them, and as value the plain expression that they become.
(define-module (guix gexp)
  #:export (gexp ungexp ungexp-splicing output gexp->sexp local-file lowered))

(read-hash-extend #\~ (lambda (char port) (list 'gexp (read port))))
(read-hash-extend #\$
  (lambda (char port)
    (if (eqv? (peek-char port) #\@)
        (begin (read-char port) (list 'ungexp-splicing (read port)))
        (list 'ungexp (read port)))))

(define-syntax-rule (ungexp x) (error "ungexp outside of a gexp"))
(define-syntax-rule (ungexp-splicing x) (error "ungexp-splicing outside of a gexp"))
(define-syntax-rule (output) (error "output outside of a gexp"))

(define-syntax gexp
  (syntax-rules ()
    ((_ body) (list 'gexp (gexp-body body)))))

(define-syntax gexp-body
  (syntax-rules (ungexp ungexp-splicing output)
    ((_ (ungexp output)) "/gnu/store/output")
    ((_ (ungexp value)) (lowered value))
    ((_ ((ungexp-splicing values) . rest)) (append (map lowered values) (gexp-body rest)))
    ((_ (first . rest)) (cons (gexp-body first) (gexp-body rest)))
    ((_ datum) 'datum)))

(define (gexp->sexp value) (cadr value))

;; What stands in the expression for a value: a file name for what Guix would have built.
(define (lowered value)
  (cond ((and (pair? value) (eq? (car value) 'gexp)) (gexp->sexp value))
        ((and (pair? value) (eq? (car value) 'file)) (cdr value))
        (else value)))

(define* (local-file file #:optional name #:key recursive? (select? (const #t)))
  (unless (procedure? select?)
    (error "local-file: not a predicate" select?))
  (cons 'file file))
