;; What the other (esquema ...) libraries need from the system beneath: positions in the description, words compared by
;; name, procedures with keywords, and errors that point at a position. The one library that differs between Schooner and
;; GNU Guile (guile/esquema/syntax.scm); the others are the same text for both.
(define-library (esquema syntax)
  (import (schooner primitives) (schooner syntax) (schooner kernel))
  (export located symbol-case refuse define* show-only define-located)
  (begin

    ;; (located form) is where the form stands: (file line column), or #f where that is not known.
    (define-syntax located
      (syntax-rules ()
        ((_ form) (%position form))))

    ;; (symbol-case form ((word ...) expression) ... (else expression)) chooses by the *name* of the form, whatever that
    ;; name is bound to: a description that has a variable `network` may still write (network host).
    (define-syntax symbol-case
      (syntax-rules ()
        ((_ form clause ...) (%symbol-case form clause ...))))

    ;; (define-located name form procedure): the name in front of operands is the macro `form`, which sees where they
    ;; stand; alone it is the procedure, to be handed around.
    (define-syntax define-located
      (syntax-rules ()
        ((_ name form procedure)
         (define-syntax name
           (syntax-rules ()
             ((ignored . #:value) procedure)
             ((ignored . operands) (form . operands)))))))

    ;; A record of this type is printed with this part alone. Here its other fields are called %..., which says so.
    (define (show-only type part) #f)

    ;; The error of a description. Programs show it at its position, not at the library that noticed it.
    (define (refuse position . parts)
      (raise (%make-condition 'description-error (%join parts) (if position (list position) '()) #f)))

    (define (%join parts)
      (apply string-append (map %text parts)))

    (define (%text part)
      (cond ((string? part) part)
            ((symbol? part) (symbol->string part))
            ((number? part) (number->string part))
            ((boolean? part) (if part "#t" "#f"))
            ((pair? part) "a list")
            ((null? part) "an empty list")
            ((procedure? part) "a procedure")
            (else "something else")))))
