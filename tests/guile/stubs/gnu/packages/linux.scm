;; A stand-in: the names of packages that are used.
(define-module (gnu packages linux) #:export (libseccomp))
(define libseccomp '(package "libseccomp"))
