;; A stand-in: the names of packages that are used.
(define-module (gnu packages pkg-config) #:export (pkg-config))
(define pkg-config '(package "pkg-config"))
