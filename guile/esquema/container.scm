;; Containers as values: the shared source, as a module of Guile.
(define-module (esquema container)
  #:pure
  #:use-module (esquema library))

(include-library "esquema/container.sld")
