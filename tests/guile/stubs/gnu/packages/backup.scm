;; A stand-in: the names of packages that are used.
(define-module (gnu packages backup) #:export (libarchive))
(define libarchive '(package "libarchive"))
