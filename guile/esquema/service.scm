;; Services, described: the shared source, as a module of Guile.
(define-module (esquema service)
  #:pure
  #:use-module (esquema library))

(include-library "esquema/service.sld")
