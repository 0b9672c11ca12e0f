;; A stand-in for Guix's packages: the record with its fields.
(define-module (guix packages)
  #:use-module (guix records)
  #:export (package package? package-name package-version package-source package-build-system package-arguments
            package-inputs package-native-inputs package-synopsis package-description package-home-page package-license
            this-package-input this-package-native-input))

(define-record-type* <package> package make-package package?
  (name package-name)
  (version package-version)
  (source package-source)
  (build-system package-build-system)
  (arguments package-arguments (default '()))
  (inputs package-inputs (default '()))
  (propagated-inputs package-propagated-inputs (default '()))
  (native-inputs package-native-inputs (default '()))
  (outputs package-outputs (default '("out")))
  (native-search-paths package-native-search-paths (default '()))
  (search-paths package-search-paths (default '()))
  (supported-systems package-supported-systems (default '("x86_64-linux")))
  (properties package-properties (default '()))
  (synopsis package-synopsis)
  (description package-description)
  (home-page package-home-page)
  (license package-license))

(define (this-package-input name) (cons 'file (string-append "/gnu/store/" name)))
(define this-package-native-input this-package-input)
