;; The package, from this checkout:  guix build -f guix.scm   guix shell -D -f guix.scm   guix package -f guix.scm
(use-modules (guix packages)
             (guix gexp)
             (guix git-download)
             (guix build-system meson)
             ((guix licenses) #:prefix license:)
             (gnu packages backup)
             (gnu packages base)
             (gnu packages bash)
             (gnu packages guile)
             (gnu packages libedit)
             (gnu packages linux)
             (gnu packages multiprecision)
             (gnu packages pkg-config)
             (gnu packages unicode))

(package
  (name "esquema")
  (version "0.1.0")
  (source (local-file "." "esquema-checkout"
                      #:recursive? #t
                      #:select? (or (git-predicate (dirname (current-filename)))
                                    (lambda (file stat) #t))))
  (build-system meson-build-system)
  (arguments
   (list #:configure-flags
         #~(list "-Dtests=false" ; those that start containers need namespaces, which the build daemon refuses
                 "-Dguile=enabled"
                 (string-append "-Dguile_site=" #$output "/share/guile/site/3.0")
                 (string-append "-Dguile_cache=" #$output "/lib/guile/3.0/site-ccache")
                 (string-append "-Dunicode_data=" #$(this-package-native-input "ucd") "/share/ucd"))
         #:tests? #f))
  (native-inputs (list pkg-config ucd guile-3.0 libseccomp
                       (list glibc "static"))) ; the programs beside a container are static
  (inputs (list gmp libarchive libedit guile-3.0 bash-minimal))
  (synopsis "Rootless, daemonless containers described in Scheme")
  (description
   "Esquema runs code that nobody needs to trust.  It is a container runtime for Linux whose only configuration language
is Scheme, and Schooner, an embeddable Scheme in which a script can do only what it is handed.  Containers are values: of
its own Scheme, and of GNU Guile through @code{(esquema runtime)}, where GNU Shepherd can supervise them.")
  (home-page "https://codeberg.org/berkeley/esquema")
  (license license:asl2.0))
