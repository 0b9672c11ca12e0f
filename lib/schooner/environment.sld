;; What the libraries of R7RS 6.12 share: environments, which are the import sets that a program in them begins with, or
;; the machine's session.
(define-library (schooner environment)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export eval environment interaction-environment load)
  (begin

    (define-record-type <environment>
      (%make-environment imports)
      %environment?
      (imports %environment-imports)) ; #f: the session

    (define (environment . import-sets)
      ;; what cannot be imported is told here, not when something is evaluated
      (%compile #f import-sets)
      (%make-environment import-sets))

    (define interactive (%make-environment #f))
    (define (interaction-environment) interactive)

    (define (eval expression environment)
      (if (not (%environment? environment)) (%raise-type 'eval 2 "an environment" environment))
      ((%compile-with-objects expression (%environment-imports environment))))

    ;; An expression is compiled from its written form. What has none, a procedure or a record, is handed over as the
    ;; argument of a procedure around the expression; the whole of a quotation if something in it has none.
    (define (%compile-with-objects expression imports)
      (if (%written? expression 0)
          (%compile expression imports)
          (let* ((lifted (%lift expression '()))
                 (objects (reverse (cdr lifted)))
                 (names (%object-names (length objects))))
            (let ((procedure ((%compile (list %lambda names (car lifted)) imports))))
              (lambda () (apply procedure objects))))))

    ;; the names that the expander knows in what is compiled from here; U+2060 keeps them apart from other names
    (define %lambda (string->symbol "lambda\x2060;"))
    (define (%object-name index)
      (string->symbol (string-append "object\x2060;" (number->string index))))
    (define (%object-names count)
      (let loop ((index (- count 1)) (names '()))
        (if (< index 0) names (loop (- index 1) (cons (%object-name index) names)))))

    (define %levels 10000)

    ;; Has all of it a written form? What is too deep, or has cycles, is left to what reads it.
    (define (%written? x level)
      (cond ((pair? x)
             (or (> level %levels)
                 (and (%written? (car x) (+ level 1)) (%written? (cdr x) (+ level 1)))))
            ((vector? x) (every (lambda (each) (%written? each (+ level 1))) (vector->list x)))
            (else
             (or (symbol? x) (number? x) (string? x) (char? x) (boolean? x) (null? x) (bytevector? x)
                 (keyword? x)))))

    ;; (expression . objects): the expression with names for what has no written form; the latest object first
    (define (%lift x objects)
      (cond ((%written? x 0) (cons x objects))
            ((and (pair? x) (eq? (car x) 'quote) (pair? (cdr x)) (null? (cddr x)))
             (cons (%object-name (length objects)) (cons (cadr x) objects)))
            ((pair? x)
             (let* ((head (%lift (car x) objects))
                    (tail (%lift (cdr x) (cdr head))))
               (cons (cons (car head) (car tail)) (cdr tail))))
            (else (cons (%object-name (length objects)) (cons x objects)))))

    (define load
      (case-lambda
        ((name) (load name interactive))
        ((name environment)
         (if (not (%environment? environment)) (%raise-type 'load 2 "an environment" environment))
         ((%compile-file name (%environment-imports environment))))))))
