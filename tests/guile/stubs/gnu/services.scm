;; A stand-in for the services of Guix System.
(define-module (gnu services)
  #:use-module (guix records)
  #:export (service-type service-type-name service-type-extensions service-type-compose service-type-extend
            service-type-default-value service-extension service-extension-target service-extension-compute))

(define-record-type* <service-type> service-type make-service-type service-type?
  (name service-type-name)
  (extensions service-type-extensions)
  (compose service-type-compose (default #f))
  (extend service-type-extend (default #f))
  (default-value service-type-default-value (default 'none))
  (description service-type-description (default #f)))

(define (service-extension target compute) (cons target compute))
(define service-extension-target car)
(define service-extension-compute cdr)
