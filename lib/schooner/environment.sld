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
      ((%compile expression (%environment-imports environment))))

    (define load
      (case-lambda
        ((name) (load name interactive))
        ((name environment)
         (if (not (%environment? environment)) (%raise-type 'load 2 "an environment" environment))
         ((%compile-file name (%environment-imports environment))))))))
