;; guix.scm, manifest.scm and (esquema guix-services), loaded and expanded over stand-ins for Guix's modules in stubs/: their
;; forms, fields and names are right, and what they say about this project is. That Guix builds them, this cannot show.
(use-modules (srfi srfi-1) (srfi srfi-64) (ice-9 regex) (ice-9 textual-ports) (tap) (esquema config)
             (guix packages) (guix gexp) (gnu services) (gnu services shepherd) (esquema guix-services))

(define (text-of file) (call-with-input-file (string-append source-folder "/" file) get-string-all))

;; The value of the last form of a file, in a module of its own where these names have values.
(define* (load-file file #:optional (names '()))
  (let ((module (make-fresh-user-module)))
    (for-each (lambda (pair) (module-define! module (car pair) (cdr pair))) names)
    (save-module-excursion
     (lambda ()
       (set-current-module module)
       (primitive-load (string-append source-folder "/" file))))))

(define (argument package keyword)
  (cadr (memq keyword (package-arguments package))))

(define (input-names inputs)
  (map (lambda (input) (cadr (if (pair? (car input)) (car input) input))) inputs))

(define (test-package)
  (let* ((package (load-file "guix.scm"))
         (flags (eval (gexp->sexp (argument package #:configure-flags)) (current-module)))
         (options (text-of "meson_options.txt")))
    (test-equal "the package's name" "esquema" (package-name package))
    (test-equal "its version is that of the project" %version (package-version package))
    (test-assert "it says what it is" (and (string? (package-synopsis package)) (string? (package-description package))))
    (test-assert "no test that the build daemon would refuse" (not (argument package #:tests?)))
    (for-each
     (lambda (flag)
       (let ((match (string-match "^-D([a-z_]+)=(.+)$" flag)))
         (test-assert (string-append "an option of the project: " flag)
           (and match (string-contains options (string-append "option('" (match:substring match 1) "'"))))))
     flags)
    (test-assert "the data of Unicode is one of its inputs"
      (member "ucd" (input-names (package-native-inputs package))))
    (test-assert "the libraries that it links are its inputs"
      (lset<= equal? '("gmp" "libedit" "libarchive" "guile-3.0") (input-names (package-inputs package))))))

(define (test-manifest)
  (let ((names (load-file "manifest.scm" `((specifications->manifest . ,identity)))))
    (test-assert "the manifest is a list of names, each once"
      (and (every string? names) (= (length names) (length (delete-duplicates names)))))))

(define config
  (esquema-container-configuration
    (name 'website)
    (package "/gnu/store/esquema")
    (file (local-file "/srv/website.scm"))
    (requirement '(networking))
    (log-file "/var/log/website.log")))

(define (service-of type)
  (let ((extension (car (service-type-extensions type))))
    (car ((service-extension-compute extension) (list config)))))

(define (test-services)
  (for-each
   (lambda (type target)
     (let ((service (service-of type)))
       (test-eq "it extends Shepherd" target (service-extension-target (car (service-type-extensions type))))
       (test-equal "its name" '(website) (shepherd-service-provision service))
       (test-equal "what it needs" '(networking) (shepherd-service-requirement service))
       (test-assert "it is started again" (shepherd-service-respawn? service))
       (test-equal "the modules of the package, and the constructor over the program's container"
         '(begin
            (set! %load-path (cons (string-append "/gnu/store/esquema" "/share/guile/site/3.0") %load-path))
            (set! %load-compiled-path
                  (cons (string-append "/gnu/store/esquema" "/lib/guile/3.0/site-ccache") %load-compiled-path))
            (lambda arguments
              (apply ((module-ref (resolve-interface '(esquema shepherd)) 'make-container-constructor)
                      (primitive-load "/srv/website.scm")
                      #:log-file "/var/log/website.log")
                     arguments)))
         (gexp->sexp (shepherd-service-start service)))
       (test-equal "and the destructor" 5 (last (last (gexp->sexp (shepherd-service-stop service)))))
       (test-equal "configurations of others are added" (list config config)
         ((service-type-extend type) (list config) ((service-type-compose type) (list (list config)))))))
   (list esquema-container-service-type home-esquema-container-service-type)
   '(shepherd-root home-shepherd))
  (test-error "a field that there is not" #t (eval '(esquema-container-configuration (nmae 'x)) (current-module)))
  (test-error "a field that is missing" #t (esquema-container-configuration (name 'x))))

(call-with-tap "guix-files"
  (lambda ()
    (test-package)
    (test-manifest)
    (test-services)))
