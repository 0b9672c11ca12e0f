;; A stand-in.
(define-module (gnu home services shepherd)
  #:use-module (gnu services shepherd)
  #:re-export (shepherd-service)
  #:export (home-shepherd-service-type))
(define home-shepherd-service-type 'home-shepherd)
