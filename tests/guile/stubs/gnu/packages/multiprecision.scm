;; A stand-in: the names of packages that are used.
(define-module (gnu packages multiprecision) #:export (gmp))
(define gmp '(package "gmp"))
