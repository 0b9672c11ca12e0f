;; (esquema guix-services): containers as services of Guix System and Guix Home. Both give a Shepherd service to the
;; Shepherd that they have; what it does is in (esquema shepherd). Needs Guix, and is a source until it is used there.
(define-module (esquema guix-services)
  #:use-module (gnu services)
  #:use-module (gnu services shepherd)
  #:use-module (gnu home services)
  #:use-module (gnu home services shepherd)
  #:use-module (guix gexp)
  #:use-module (guix records)
  #:use-module (srfi srfi-1)
  #:export (esquema-container-configuration esquema-container-configuration?
            esquema-container-service-type home-esquema-container-service-type))

;; file is a file-like object: a Scheme program whose last value is the container, evaluated by Shepherd when it starts.
(define-record-type* <esquema-container-configuration>
  esquema-container-configuration make-esquema-container-configuration
  esquema-container-configuration?
  (name esquema-container-name)                                ; symbol
  (file esquema-container-file)                                ; file-like
  (package esquema-container-package)                          ; the package of this project
  (requirement esquema-container-requirement (default '()))    ; list of symbols
  (log-file esquema-container-log-file (default #f))           ; file name, or #f for Shepherd's own log
  (grace-period esquema-container-grace-period (default 5))    ; seconds
  (respawn? esquema-container-respawn? (default #t)))

;; Shepherd finds the modules of the package through its own load path.
(define (with-package package expression)
  #~(begin
      (set! %load-path (cons (string-append #$package "/share/guile/site/3.0") %load-path))
      (set! %load-compiled-path (cons (string-append #$package "/lib/guile/3.0/site-ccache") %load-compiled-path))
      #$expression))

(define (constructor config)
  (with-package (esquema-container-package config)
    #~(lambda arguments
        (apply ((module-ref (resolve-interface '(esquema shepherd)) 'make-container-constructor)
                (primitive-load #$(esquema-container-file config))
                #:log-file #$(esquema-container-log-file config))
               arguments))))

(define (destructor config)
  (with-package (esquema-container-package config)
    #~((module-ref (resolve-interface '(esquema shepherd)) 'make-container-destructor)
       #:grace-period #$(esquema-container-grace-period config))))

(define (shepherd-service-of config)
  (shepherd-service
   (provision (list (esquema-container-name config)))
   (requirement (esquema-container-requirement config))
   (documentation "A container of Esquema.")
   (start (constructor config))
   (stop (destructor config))
   (respawn? (esquema-container-respawn? config))))

;; The value is a list of configurations; other services may extend it by more of them.
(define (containers-type name shepherd-type)
  (service-type
   (name name)
   (extensions (list (service-extension shepherd-type (lambda (configs) (map shepherd-service-of configs)))))
   (compose concatenate)
   (extend append)
   (default-value '())
   (description "Run containers of Esquema, supervised by Shepherd.")))

(define esquema-container-service-type
  (containers-type 'esquema-container shepherd-root-service-type))

(define home-esquema-container-service-type
  (containers-type 'home-esquema-container home-shepherd-service-type))
