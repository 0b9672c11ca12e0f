;; A stand-in: the names of packages that are used.
(define-module (gnu packages libedit) #:export (libedit))
(define libedit '(package "libedit"))
