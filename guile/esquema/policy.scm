;; Policies of system calls, as data: the shared source, as a module of Guile.
(define-module (esquema policy)
  #:pure
  #:use-module (esquema library))

(include-library "esquema/policy.sld")
