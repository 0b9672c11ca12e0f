;; A stand-in.
(define-module (gnu home services) #:use-module (gnu services) #:re-export (service-type service-extension))
